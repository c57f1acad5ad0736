/// What a model may be called in C, where its name is part of others: `espalier_person`, `ESPALIER_PERSON_ARENA_BYTES`.
public enum ModelName {
    /// Whether `espalier_` and the name, or a macro made of it, is Espalier's own in C already.
    public static func isReserved(_ name: String) -> Bool { reserved.contains(name) }

    /// The name, or one like it that is not reserved.
    public static func free(_ name: String) -> String { isReserved(name) ? "\(name)_model" : name }

    /// What the name is in a macro; different names never share one. Its letters as capitals; a name that has capitals of
    /// its own stays as it is, and one that has no other letters becomes small.
    static func inMacros(_ name: String) -> String {
        guard name.contains(where: \.isUppercase) else { return name.uppercased() }
        return name.contains(where: \.isLowercase) ? name : name.lowercased()
    }

    /// Every `espalier_` symbol of what is linked with a model: the C interface, the kernels, the firmware, its setup.
    static let reserved = Set(
        """
        arena_size arm_has_dot_product camera_check camera_command camera_is_fixed camera_source
        catch_signals clear_debounce clear_surroundings complain describe_look devices_prepare
        eabi_is_not_needed_here folder_close folder_next folder_open folder_read font_dot forget_outputs
        forget_said format_code format_fourcc format_name format_pix_fmt format_pixels format_preference
        format_word fourcc_format frame_period frame_row frame_row_grey get_output get_scores guess_frames
        input_edge input_port is_picture_name is_same_chip is_stopping jpeg_decode jpeg_is_here kernels_at
        kernels_avx2 kernels_avx512vnni kernels_avxvnni kernels_best kernels_neon kernels_neon32
        kernels_neondot kernels_portable kernels_run kernels_run_ending kernels_smlad kernels_sse41
        line_close line_find line_level line_library line_open_input line_open_output line_read line_set
        lines_are_same list_places look_at monotonic_nanoseconds name_camera nanoseconds node_devices
        node_main node_options node_refuse note_look notify_alive notify_ready notify_stopping output
        output_port override_exists override_note picture_caption picture_read picture_write print
        print_check print_record print_status print_summary problem problem_camera_failed problem_chip_gone
        problem_few_frames problem_of problem_other_frames problem_program_ended problem_several_frames
        problem_silent_camera problem_snapshot problem_undecoded program_describe_end program_errors
        program_listen program_read program_start program_stop read real_score real_value record_line run
        say say_once scratch_bytes set_frame set_input setup setup_camera setup_check setup_input
        setup_memory setup_memory_bytes setup_output setup_override setup_snapshots snapshots_apart
        snapshots_begin snapshots_cancel snapshots_counters snapshots_end snapshots_start snapshots_stop
        status_text tiling video_close video_find video_give_back video_next_format video_open video_start
        video_take wait wait_for watch_output watchdog_period wide write x86_features
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
