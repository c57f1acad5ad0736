#ifdef __linux__

#include "node.h"
#include "CLinux.h"

#include <string.h>

static const char help[] =
    "usage: espalier-node [OPTION...]\n"
    "Reacts to its trigger lines with one model on one board, both baked in.\n\n" ESPALIER_OVERRIDES
    "  --dry-run            set no output\n"
    "  --check              open everything, say what was found, end\n"
    "  --link               run on the board of `espalier simulate`\n"
    "  --help               print this\n";

int32_t espalier_node_options(EspalierNodeOptions *options, EspalierSetup *setup, int32_t argument_count,
                              const char *const *arguments, EspalierProblem *problem) {
    for (int32_t i = 1; i < argument_count; i++) {
        const char *option = arguments[i];
        if (!strcmp(option, "--link"))
            options->link = 1;
        else if (!strcmp(option, "--check"))
            options->check = 1;
        else if (!strcmp(option, "--dry-run"))
            setup->reaction.dry_run = 1;
        else if (!strcmp(option, "--help")) {
            options->help = 1;
            espalier_print(help, sizeof help - 1);
            return 0;
        } else {
            if (i + 1 == argument_count)
                return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                        "%s is no option, or lacks its value; --help lists them", option);
            int32_t kind = espalier_setup_override(setup, option, arguments[++i], problem);
            if (kind) return kind;
        }
    }
    return 0;
}

int32_t espalier_node_refuse(const EspalierProblem *problem) {
    espalier_say(problem);
    return 2;
}

EspalierDevices *espalier_node_devices(void) {
    static EspalierDevices devices;
    return &devices;
}

#endif
