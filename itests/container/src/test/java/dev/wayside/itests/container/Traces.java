// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;

/** What bundles leave behind in this process: threads, and descriptors that the kernel shows. */
final class Traces {
    private static final String OURS = "dev.wayside.";

    private Traces() {}

    /** Threads that carry the bundle's name, or are in its code. */
    static List<String> threads(Bundle bundle) {
        String prefix =
                "wayside-"
                        + bundle.getSymbolicName().substring(OURS.length()).replace('.', '-')
                        + "-";
        String code = bundle.getSymbolicName() + ".";
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(
                        it ->
                                it.getKey().getName().startsWith(prefix)
                                        || Arrays.stream(it.getValue())
                                                .anyMatch(at -> at.getClassName().startsWith(code)))
                .map(it -> it.getKey().getName())
                .sorted()
                .toList();
    }

    /**
     * How many descriptors there are of each kind: sockets, pipes, what event loops and file
     * watches need, and files below the folder by name. Jars and the like are left out.
     */
    static Map<String, Integer> descriptors(Path folder) throws IOException {
        Map<String, Integer> counts = new TreeMap<>();
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : open.toList()) {
                String kind = kind(descriptor, folder);
                if (!kind.isEmpty()) {
                    counts.merge(kind, 1, Integer::sum);
                }
            }
        }
        return counts;
    }

    private static String kind(Path descriptor, Path folder) throws IOException {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            if (target.startsWith(folder + "/")) {
                return target.substring(folder.toString().length() + 1);
            }
            return target.startsWith("/") ? "" : target.replaceAll(":\\[\\d+]$", "");
        } catch (NoSuchFileException e) {
            return ""; // closed since
        }
    }
}
