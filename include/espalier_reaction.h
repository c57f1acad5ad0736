/* The reaction's contract: its settings, and the record it leaves of each trigger.
 *
 * A trigger is an edge on an input line, or the beat of a period. It makes the reaction classify one frame or a
 * burst of them, and signal the verdict on output lines; docs/reaction.md tells the whole story. The structures
 * have the same layout on every target; they cross the simulator's link (espalier_link.h) as they are. Change a
 * field and you change ESPALIER_REACTION_ABI_VERSION.
 *
 * Times are nanoseconds of the board's monotonic clock, the one the kernel stamps edges and frames with.
 */
#ifndef ESPALIER_REACTION_H
#define ESPALIER_REACTION_H

#include <stdint.h>

#define ESPALIER_REACTION_ABI_VERSION 2u

/* Settings have room for so many; trigger and output masks have a bit for each. */
#define ESPALIER_MOST_TRIGGERS 8
#define ESPALIER_MOST_OUTPUTS 8
#define ESPALIER_LONGEST_BURST 16

/* EspalierTrigger.edge: a bit set. */
#define ESPALIER_EDGE_RISING 1
#define ESPALIER_EDGE_FALLING 2
#define ESPALIER_EDGE_BOTH 3

/* EspalierOutput.mode */
#define ESPALIER_OUTPUT_PULSE 1     /* high for `duration` from the last positive verdict */
#define ESPALIER_OUTPUT_HOLD 2      /* high while a trigger line stays active, and `duration` longer */
#define ESPALIER_OUTPUT_FOLLOW 3    /* high after a positive verdict, low after any other */
#define ESPALIER_OUTPUT_TOGGLE 4    /* changes its level with each positive verdict */
#define ESPALIER_OUTPUT_HEARTBEAT 5 /* changes its level every `duration` while the reaction runs */
#define ESPALIER_OUTPUT_FAULT 6     /* high after a fault, until a verdict; high while a trigger is stuck */

/* EspalierOutput.score_rule: the score of a group of classes. */
#define ESPALIER_SCORE_MAX 1 /* the best of its classes */
#define ESPALIER_SCORE_SUM 2 /* all of them together */

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
#define ESPALIER_OUTCOME_HOLD_OFF 9          /* refused: it came within the hold-off after an accepted edge */

/* What makes the reaction look. */
typedef struct EspalierTrigger {
    int32_t line;                 /* index of the input line; not used by a periodic trigger */
    int32_t edge;                 /* ESPALIER_EDGE_* */
    int64_t debounce_nanoseconds; /* an edge counts once its level has lasted so long */
    int64_t hold_off_nanoseconds; /* after an accepted edge, in which others are refused */
    int64_t settle_nanoseconds;   /* from the edge to the moment of capture */
    int64_t cooldown_nanoseconds; /* after a verdict, in which edges are refused */
    int64_t period_nanoseconds;   /* above 0: fires this often, without a line */
    int64_t stuck_nanoseconds;    /* a line active for so long is a fault; 0: never */
} EspalierTrigger;

/* What a verdict does to a line. */
typedef struct EspalierOutput {
    int32_t line;                   /* index of the output line */
    int32_t mode;                   /* ESPALIER_OUTPUT_* */
    uint64_t label_mask;            /* bit c: class c belongs to the group it signals for */
    int64_t duration_nanoseconds;   /* see ESPALIER_OUTPUT_* */
    int32_t threshold_high_permille; /* the group's score, in thousandths, from which it signals */
    int32_t threshold_low_permille; /* the same while it signals already; not above the high one */
    int32_t score_rule;             /* ESPALIER_SCORE_* */
    uint32_t trigger_mask;          /* bit t: trigger t concerns it */
    int32_t safe_high;              /* its level while the program does not run: 0 low, 1 high */
    int32_t reserved;
} EspalierOutput;

/* What to react to, and how. */
typedef struct EspalierReaction {
    uint32_t abi_version;           /* ESPALIER_REACTION_ABI_VERSION */
    int32_t dry_run;                /* 1: no output line is ever set */
    int32_t trigger_count;          /* 1 ... ESPALIER_MOST_TRIGGERS */
    int32_t output_count;           /* 1 ... ESPALIER_MOST_OUTPUTS */
    int64_t frame_age_nanoseconds;  /* at most, at the moment of capture; an older frame is refused */
    int64_t deadline_nanoseconds;   /* to wait for each frame that is new enough */
    int64_t pretrigger_nanoseconds; /* the frame wanted is the one of so long before the edge; 0: the newest */
    int64_t watchdog_nanoseconds;   /* the watchdog is fed at least this often between runs; 0: never */
    int32_t burst_frames;           /* classified for a trigger, each newer than the last, at most */
    int32_t burst_votes;            /* of them have to pass the threshold */
    EspalierTrigger triggers[ESPALIER_MOST_TRIGGERS];
    EspalierOutput outputs[ESPALIER_MOST_OUTPUTS];
} EspalierReaction;

/* One trigger, from its edge to its end. */
typedef struct EspalierReactionRecord {
    int64_t trigger;        /* 1, 2, ... */
    int64_t edge_time;
    int64_t frame_time;     /* when the frame told of here was taken: a burst's best; may lie on either side of the edge */
    int64_t frame_sequence; /* the camera's number of that frame; -1: none */
    int64_t run_time;       /* when the model first started */
    int64_t verdict_time;   /* when the model was last done */
    int64_t signal_time;    /* when the first output line was written because of this verdict, high or low */
    int64_t real_inference_nanoseconds;      /* of the model on the processor at hand; 0: unknown */
    int64_t real_edge_to_signal_nanoseconds; /* from reading the edge to writing the line; 0: unknown */
    int32_t outcome;        /* ESPALIER_OUTCOME_* */
    int32_t class_index;    /* of the highest score; -1 without a verdict */
    int32_t score;          /* as the model stores it, -128 ... 127 */
    int32_t permille;       /* the score as a real number, in thousandths */
    int32_t signalled;      /* bit o: this verdict set output o high */
    uint32_t blocks_kept;   /* of 1x4 weights, as in EspalierResult */
    uint32_t blocks_pruned;
    uint32_t blocks_skipped;
    int32_t trigger_index;  /* which of the settings' triggers */
    int32_t frames;         /* classified */
    int32_t votes;          /* for the output that got most of them */
    int32_t group_permille; /* the best score any output's group got, in thousandths */
} EspalierReactionRecord;

#endif
