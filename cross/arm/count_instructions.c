/* A plugin of QEMU (API 1, QEMU 4.2 and later): counts the guest's instructions and prints the number at
 * its end, and before whenever an aarch64 program asks for it by the system call umask(), of which few
 * programs have need.
 *
 * The few prototypes it needs are written out, since Debian ships no header for plugins. Built by
 * cross/count-arm and cross/count-arm-peers. */
#include <inttypes.h>
#include <stdio.h>

typedef uint64_t Plugin;
struct qemu_plugin_tb;
enum { ADD_INLINE = 0, AARCH64_UMASK = 166 };

void qemu_plugin_register_vcpu_tb_trans_cb(Plugin plugin,
                                           void (*translated)(Plugin, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *target,
                                              uint64_t value);
void qemu_plugin_register_vcpu_syscall_cb(Plugin plugin,
                                          void (*called)(Plugin, unsigned processor, int64_t number,
                                                         uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                         uint64_t, uint64_t, uint64_t));
void qemu_plugin_register_atexit_cb(Plugin plugin, void (*ends)(Plugin, void *), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);

int qemu_plugin_version = 1;

static uint64_t executed;

static void translated(Plugin plugin, struct qemu_plugin_tb *block) {
    (void)plugin;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_INLINE, &executed, qemu_plugin_tb_n_insns(block));
}

static void called(Plugin plugin, unsigned processor, int64_t number, uint64_t a, uint64_t b, uint64_t c,
                   uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
    (void)plugin, (void)processor, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
    if (number == AARCH64_UMASK) fprintf(stderr, "instructions so far %" PRIu64 "\n", executed);
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
    qemu_plugin_register_vcpu_syscall_cb(plugin, called);
    qemu_plugin_register_atexit_cb(plugin, ends, 0);
    return 0;
}
