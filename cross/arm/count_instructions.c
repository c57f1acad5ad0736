/* A plugin of QEMU (API 1, QEMU 4.2 and later): counts the guest's instructions and prints the number at
 * its end.
 *
 * The few prototypes it needs are written out, since Debian ships no header for plugins. Built by
 * cross/count-arm. */
#include <inttypes.h>
#include <stdio.h>

typedef uint64_t Plugin;
struct qemu_plugin_tb;
enum { ADD_INLINE = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(Plugin plugin,
                                           void (*translated)(Plugin, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *target,
                                              uint64_t value);
void qemu_plugin_register_atexit_cb(Plugin plugin, void (*ends)(Plugin, void *), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);

int qemu_plugin_version = 1;

static uint64_t executed;

static void translated(Plugin plugin, struct qemu_plugin_tb *block) {
    (void)plugin;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_INLINE, &executed, qemu_plugin_tb_n_insns(block));
}

static void ends(Plugin plugin, void *data) {
    (void)plugin;
    (void)data;
    fprintf(stderr, "instructions %" PRIu64 "\n", executed);
}

int qemu_plugin_install(Plugin plugin, const void *info, int argument_count, char **arguments) {
    (void)info;
    (void)argument_count;
    (void)arguments;
    qemu_plugin_register_vcpu_tb_trans_cb(plugin, translated);
    qemu_plugin_register_atexit_cb(plugin, ends, 0);
    return 0;
}
