/* The firmware's command line. */
#ifndef ESPALIER_NODE_H
#define ESPALIER_NODE_H

#include "devices.h"
#include "override.h"

typedef struct EspalierNodeOptions {
    int32_t link;  /* run on the simulated board at the other end of standard input and output */
    int32_t check; /* open everything, say what was found, end */
    int32_t help;  /* the help has been printed */
} EspalierNodeOptions;

/* Reads the options, those that change the setup into it. 0 or a problem. */
int32_t espalier_node_options(EspalierNodeOptions *options, EspalierSetup *setup, int32_t argument_count,
                              const char *const *arguments, EspalierProblem *problem);

/* Says what is wrong with the options; the exit status for it. */
int32_t espalier_node_refuse(const EspalierProblem *problem);

/* The one process's devices: static memory. */
EspalierDevices *espalier_node_devices(void);

#endif
