/* Kernels for processors without vectors: a quad is one word of four bytes, activations are stored plain. The
 * including file brings
 *   Four, four()                       a quad ready for multiplication, of 8 or 16 bytes
 *   dot(), add_pixels(), add_products()
 *   PIXELS                             whose windows are gathered at once: 32 bytes a block (windows.h)
 *   bytes_max(), bytes_min()           of each of four bytes
 *   trailing_zeros(), saturated(), perhaps SMMULR
 * and chooses the set's symbol (SET) and its name (SET_NAME). */
#include "../sets.h"
#include "../visits.h"

#include "storing.h"

#include "convolution.h"
#include "depthwise.h"
#include "elementwise.h"
#include "../pools.h"

const EspalierKernelSet SET = {
    .name = SET_NAME,
    .kernels = ESPALIER_KERNELS_WORDS,
    .channel_lanes = channel_lanes,
    .pixel_lanes = pixel_lanes,
    .depthwise_convolution = depthwise,
    .add = add,
    .max_pool = max_pool,
    .average_pool = average_pool,
    .mean = mean,
};
