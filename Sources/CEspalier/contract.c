/* The C half of the contract's size assertions; the Swift half is Sources/EspalierCore/Contract.swift. */
#include "espalier.h"

_Static_assert(sizeof(EspalierTensor) == 56 + sizeof(void *), "EspalierTensor changed: bump ESPALIER_ABI_VERSION");
_Static_assert(sizeof(EspalierLayer) == 112 + 7 * sizeof(void *), "EspalierLayer changed: bump ESPALIER_ABI_VERSION");
_Static_assert(sizeof(EspalierModel) == 64 + 6 * sizeof(void *), "EspalierModel changed: bump ESPALIER_ABI_VERSION");
