#ifdef __linux__

#include "node.h"
#include "CLinux.h"

#include <string.h>

static const char help[] =
    "usage: espalier-node [OPTION...]\n"
    "Reacts to its trigger lines with one model on one board, both baked in.\n\n" ESPALIER_OVERRIDES
    "  --check              open everything, say what was found, end\n"
    "  --link               run on the board of `espalier simulate`\n"
    "  --help               print this\n";

int32_t espalier_node_options(EspalierNodeOptions *options, EspalierSetup *setup, int32_t argument_count,
                              const char *const *arguments, EspalierProblem *problem) {
    EspalierOverrides overrides = { .camera = NULL };
    const char *given = NULL;
    for (int32_t i = 1; i < argument_count; i++) {
        const char *option = arguments[i];
        if (!strcmp(option, "--link"))
            options->link = 1;
        else if (!strcmp(option, "--check"))
            options->check = 1;
        else if (!strcmp(option, "--dry-run"))
            given = option, overrides.dry_run = 1;
        else if (!strcmp(option, "--help")) {
            options->help = 1;
            espalier_print(help, sizeof help - 1);
            return 0;
        } else {
            if (espalier_override_exists(option) && i + 1 == argument_count)
                return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                        "%s lacks its value; --help lists what it takes", option);
            int32_t kind = espalier_override_note(&overrides, option, arguments[i + 1], problem);
            if (kind) return kind;
            given = option;
            i++;
        }
    }
    if (!given) return 0;
    if (options->link)
        return espalier_problem(problem, ESPALIER_PROBLEM_SETUP,
                                "%s does not go with --link, where the scenario has the board; leave one of "
                                "them out",
                                given);
    if (!setup->abi_version) return 0; /* there is no board to change, and the firmware says so */
    return espalier_setup_override(setup, &overrides, problem);
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
