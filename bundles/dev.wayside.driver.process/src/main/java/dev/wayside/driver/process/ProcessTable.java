// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** What the kernel tells of processes. */
final class ProcessTable {
    private static final Path PROC = Path.of("/proc");

    private ProcessTable() {}

    /**
     * Who a process is. A pid alone is given to others later, and again after a reboot.
     *
     * @param bootId of the boot in which it ran
     * @param startTicks since that boot, field 22 of its {@code stat}
     */
    record Identity(String bootId, long pid, long startTicks) {

        /** Reads what the waiter wrote; empty if that is not what it should be. */
        static Optional<Identity> parse(String text) {
            String[] fields = text.strip().split(" ");
            if (fields.length != 3) {
                return Optional.empty();
            }
            try {
                return Optional.of(
                        new Identity(
                                fields[0], Long.parseLong(fields[1]), Long.parseLong(fields[2])));
            } catch (NumberFormatException damaged) {
                return Optional.empty();
            }
        }

        /** Whether this very process runs now; a zombie does not. */
        boolean runs() throws IOException {
            if (!bootId.equals(bootId())) {
                return false;
            }
            Optional<String[]> stat = stat(pid);
            return stat.isPresent()
                    && Long.parseLong(stat.get()[19]) == startTicks
                    && !stat.get()[0].equals("Z")
                    && !stat.get()[0].equals("X");
        }
    }

    static String bootId() throws IOException {
        return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
    }

    /** The fields of {@code stat} from the third on; empty if there is no such process. */
    private static Optional<String[]> stat(long pid) {
        try {
            // The second field, a name in parentheses, may hold any byte.
            String stat =
                    new String(
                            Files.readAllBytes(PROC.resolve(pid + "/stat")),
                            StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return fields.length < 20 ? Optional.empty() : Optional.of(fields);
        } catch (IOException | StringIndexOutOfBoundsException gone) {
            return Optional.empty();
        }
    }

    /** Processes whose argument list fits. */
    static List<ProcessHandle> withArguments(Predicate<List<String>> fits) throws IOException {
        return with("cmdline", fits);
    }

    /** Processes in whose first environment this setting is. */
    static List<ProcessHandle> withEnvironment(String setting) throws IOException {
        return with("environ", settings -> settings.contains(setting));
    }

    private static List<ProcessHandle> with(String file, Predicate<List<String>> fits)
            throws IOException {
        List<ProcessHandle> found = new ArrayList<>();
        try (DirectoryStream<Path> pids = Files.newDirectoryStream(PROC, "[1-9]*")) {
            for (Path folder : pids) {
                // The handle first: it keeps the start time, so that it cannot mean another.
                Optional<ProcessHandle> process =
                        ProcessHandle.of(Long.parseLong(folder.getFileName().toString()));
                if (process.isPresent() && fits.test(strings(folder.resolve(file)))) {
                    found.add(process.get());
                }
            }
        }
        return found;
    }

    /**
     * The environment that the process had when its program was started; empty if it cannot be
     * read.
     */
    static Map<String, String> environment(long pid) {
        Map<String, String> environment = new LinkedHashMap<>();
        try {
            byte[] settings = Files.readAllBytes(PROC.resolve(pid + "/environ"));
            for (String setting : new String(settings, StandardCharsets.UTF_8).split("\0")) {
                int equals = setting.indexOf('=');
                if (equals > 0) {
                    environment.put(setting.substring(0, equals), setting.substring(equals + 1));
                }
            }
        } catch (IOException goneOrForbidden) {
            return Map.of();
        }
        return environment;
    }

    private static List<String> strings(Path file) {
        try {
            return List.of(
                    new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).split("\0"));
        } catch (IOException goneOrForbidden) {
            return List.of();
        }
    }
}
