/* The reaction's contract: its settings, and the record it leaves of each trigger.
 *
 * A trigger is an edge on an input line. It makes the reaction capture a frame, classify it, and signal the
 * verdict on an output line. Both structures have the same layout on every target; they cross the simulator's
 * link (espalier_link.h) as they are. Change a field and you change ESPALIER_REACTION_ABI_VERSION.
 *
 * Times are nanoseconds of the board's monotonic clock, the one the kernel stamps edges and frames with.
 */
#ifndef ESPALIER_REACTION_H
#define ESPALIER_REACTION_H

#include <stdint.h>

#define ESPALIER_REACTION_ABI_VERSION 1u

/* EspalierReaction.trigger_edge: a bit set. */
#define ESPALIER_EDGE_RISING 1
#define ESPALIER_EDGE_FALLING 2
#define ESPALIER_EDGE_BOTH 3

/* No duration in the settings is longer: a day. It keeps every sum of times inside 64 bits. */
#define ESPALIER_REACTION_LONGEST_NANOSECONDS 86400000000000

/* A time in a record that does not exist: a trigger refused before its frame has no frame time. */
#define ESPALIER_TIME_NONE (-1)

/* EspalierReactionRecord.outcome: what became of a trigger. Exactly one holds for each. */
#define ESPALIER_OUTCOME_VERDICT 1           /* a frame was classified */
#define ESPALIER_OUTCOME_COOLDOWN 2          /* refused: it came within the cooldown after a verdict */
#define ESPALIER_OUTCOME_BUSY 3              /* refused: it came while an earlier trigger was being served */
#define ESPALIER_OUTCOME_NO_FRAME 4          /* the camera had no frame by the deadline */
#define ESPALIER_OUTCOME_FRAME_TOO_OLD 5     /* every frame by the deadline was older than allowed */
#define ESPALIER_OUTCOME_CAMERA_FAILED 6     /* the camera reported an error */
#define ESPALIER_OUTCOME_CLASSIFIER_FAILED 7 /* the frame does not fit the model, or the model the core */
#define ESPALIER_OUTCOME_STOPPED 8           /* the program was stopped first */

/* What to react to, and how. */
typedef struct EspalierReaction {
    uint32_t abi_version;          /* ESPALIER_REACTION_ABI_VERSION */
    int32_t trigger_edge;          /* ESPALIER_EDGE_* */
    int64_t settle_nanoseconds;    /* from the edge to the moment of capture */
    int64_t frame_age_nanoseconds; /* at most, at the moment of capture; an older frame is refused */
    int64_t deadline_nanoseconds;  /* from the moment of capture, to wait for a frame that is new enough */
    int64_t pulse_nanoseconds;     /* the output stays high so long; 0: until a verdict says otherwise */
    int64_t cooldown_nanoseconds;  /* after a verdict, in which triggers are refused */
    uint64_t label_mask;           /* bit c: class c may signal */
    int32_t threshold_permille;    /* the score, in thousandths, from which it does */
    int32_t reserved;
} EspalierReaction;

/* One trigger, from its edge to its end. */
typedef struct EspalierReactionRecord {
    int64_t trigger;        /* 1, 2, ... */
    int64_t edge_time;
    int64_t frame_time;     /* when the classified frame was taken; may lie on either side of the edge */
    int64_t frame_sequence; /* the camera's number of that frame; -1: none */
    int64_t run_time;       /* when the model started */
    int64_t verdict_time;   /* when the model was done */
    int64_t signal_time;    /* when the output line was written because of this verdict, high or low */
    int64_t real_inference_nanoseconds;      /* of the model on the processor at hand; 0: unknown */
    int64_t real_edge_to_signal_nanoseconds; /* from reading the edge to writing the line; 0: unknown */
    int32_t outcome;        /* ESPALIER_OUTCOME_* */
    int32_t class_index;    /* of the highest score; -1 without a verdict */
    int32_t score;          /* as the model stores it, -128 ... 127 */
    int32_t permille;       /* the score as a real number, in thousandths */
    int32_t signalled;      /* 1: this verdict set the output high */
    uint32_t blocks_kept;   /* of 1x4 weights, as in EspalierResult */
    uint32_t blocks_pruned;
    uint32_t blocks_skipped;
} EspalierReactionRecord;

#endif
