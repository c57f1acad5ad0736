/* Until `#pragma clang attribute pop`, functions may use the instructions that features_x86.c looked for. */
#pragma clang attribute push(                                                                                \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,avx512vbmi2,"            \
                          "fma,bmi,bmi2,popcnt"))),                                                          \
    apply_to = function)
