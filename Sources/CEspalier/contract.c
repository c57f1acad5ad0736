/* The C half of the contract's size assertions; the Swift half is Sources/EspalierCore/Contract.swift. */
#include "espalier.h"

_Static_assert(sizeof(EspalierTensor) == 56 + sizeof(void *), "EspalierTensor changed: bump ESPALIER_ABI_VERSION");
_Static_assert(sizeof(EspalierLayer) == 136 + 13 * sizeof(void *), "EspalierLayer changed: bump ESPALIER_ABI_VERSION");
_Static_assert(sizeof(EspalierModel) == 72 + 8 * sizeof(void *), "EspalierModel changed: bump ESPALIER_ABI_VERSION");

#include "espalier_link.h"

_Static_assert(sizeof(EspalierReaction) == 888, "EspalierReaction changed: bump ESPALIER_REACTION_ABI_VERSION");
_Static_assert(sizeof(EspalierTrigger) == 56, "EspalierTrigger changed: bump ESPALIER_REACTION_ABI_VERSION");
_Static_assert(sizeof(EspalierOutput) == 48, "EspalierOutput changed: bump ESPALIER_REACTION_ABI_VERSION");
_Static_assert(sizeof(EspalierReactionRecord) == 120,
               "EspalierReactionRecord changed: bump ESPALIER_REACTION_ABI_VERSION");
_Static_assert(sizeof(EspalierLinkRequest) == 40, "EspalierLinkRequest changed: bump ESPALIER_LINK_VERSION");
_Static_assert(sizeof(EspalierLinkReply) == 40, "EspalierLinkReply changed: bump ESPALIER_LINK_VERSION");
_Static_assert(sizeof(EspalierLinkHello) == 104, "EspalierLinkHello changed: bump ESPALIER_LINK_VERSION");
_Static_assert(sizeof(EspalierLinkSettings) == 1920, "EspalierLinkSettings changed: bump ESPALIER_LINK_VERSION");
_Static_assert(sizeof(EspalierLinkFrame) == 32, "EspalierLinkFrame changed: bump ESPALIER_LINK_VERSION");

#include "espalier_setup.h"

_Static_assert(sizeof(EspalierLine) == 144, "EspalierLine changed: bump ESPALIER_SETUP_ABI_VERSION");
_Static_assert(sizeof(EspalierCamera) == 288, "EspalierCamera changed: bump ESPALIER_SETUP_ABI_VERSION");
_Static_assert(sizeof(EspalierSnapshots) == 272, "EspalierSnapshots changed: bump ESPALIER_SETUP_ABI_VERSION");
_Static_assert(sizeof(EspalierSetup) == 4120, "EspalierSetup changed: bump ESPALIER_SETUP_ABI_VERSION");
