// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code -Dwayside.kills=N} for more or fewer kills. */
final class KillTest {
    private static final int KILLS = Integer.getInteger("wayside.kills", 20);

    @TempDir Path dir;
    private final Map<String, String> answered = new HashMap<>();
    private long highest;

    @Test
    void keepsWhatWasAnsweredWhenTheProcessIsKilled() throws Exception {
        Random random = new Random(42);
        for (int kill = 0; kill < KILLS; kill++) {
            runAndKill(kill, random.nextInt(400));
            check();
        }
        assertThat(highest).isGreaterThan(KILLS);
    }

    private void runAndKill(int round, int lines) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Xmx128m",
                                "-cp",
                                System.getProperty("java.class.path"),
                                KilledWriter.class.getName(),
                                dir.toString(),
                                Integer.toString(round))
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try (BufferedReader out =
                new BufferedReader(
                        new java.io.InputStreamReader(
                                process.getInputStream(), StandardCharsets.UTF_8))) {
            int read = 0;
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                note(line);
                if (++read == lines + 1) {
                    // Not Process.destroyForcibly, which would close the pipe with lines in it.
                    process.toHandle().destroyForcibly();
                }
            }
            assertThat(read).as("lines before the end").isGreaterThan(lines);
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    private void note(String line) {
        String[] words = line.split(" ");
        // The last line may be cut off.
        if (words.length == 5 && words[4].equals(".")) {
            long revision = Long.parseLong(words[3]);
            if (words[0].equals("configmaps")) {
                answered.put(words[1], words[2]);
            }
            highest = Math.max(highest, revision);
        }
    }

    private void check() throws IOException {
        try (EmbeddedObjectStore store =
                EmbeddedObjectStore.open(
                        dir, new TestKinds(), StoreSettings.DEFAULT, Clock.systemUTC())) {
            ObjectStore.ObjectList list = store.list(ListQuery.all(ResourceType.CONFIG_MAPS));
            assertThat(Long.parseLong(list.resourceVersion())).isGreaterThanOrEqualTo(highest);
            Map<String, String> there = new HashMap<>();
            for (KubeObject map : list.items()) {
                there.put(map.name(), map.json().text("data", "value"));
            }
            answered.forEach(
                    (name, value) ->
                            assertThat(number(there.getOrDefault(name, "-1.0")))
                                    .as(name + " was answered with " + value)
                                    .isGreaterThanOrEqualTo(number(value)));
            answered.putAll(there);
        }
    }

    private static long number(String value) {
        String[] parts = value.split("\\.");
        return Long.parseLong(parts[0]) * 1_000_000 + Long.parseLong(parts[1]);
    }
}
