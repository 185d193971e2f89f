// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** An import points down a floor, never up and never sideways (docs/architecture.md, "Floors"). */
class FloorsTest {
    private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
    private static final Pattern IMPORT =
            Pattern.compile(
                    "^(?:import (?:static )?|package )(dev\\.wayside(?:\\.[a-z]\\w*)*)",
                    Pattern.MULTILINE);
    private static final int CLOUD = 99;

    /** The floor of each part, by its root package. */
    private static final Map<String, Integer> FLOORS =
            Map.ofEntries(
                    Map.entry("dev.wayside.model", 0),
                    Map.entry("dev.wayside.wire", 1),
                    Map.entry("dev.wayside.api", 1),
                    Map.entry("dev.wayside.logging", 2),
                    Map.entry("dev.wayside.node", 2),
                    Map.entry("dev.wayside.statecache", 2),
                    Map.entry("dev.wayside.workload", 2),
                    Map.entry("dev.wayside.driver.docker", 2),
                    Map.entry("dev.wayside.driver.process", 2),
                    Map.entry("dev.wayside.launcher", 3),
                    Map.entry("dev.wayside.connector", CLOUD),
                    Map.entry("dev.wayside.testing", 4),
                    Map.entry("dev.wayside.itests", 5),
                    Map.entry("dev.wayside.bench", 5));

    @Test
    void everyImportPointsDown() throws IOException {
        List<String> wrong = new ArrayList<>();
        List<Path> sources = mainSources();
        assertThat(sources).hasSizeGreaterThan(50);
        for (Path source : sources) {
            String from = null;
            Matcher names = IMPORT.matcher(Files.readString(source));
            while (names.find()) {
                String part =
                        part(names.group(1))
                                .orElseThrow(
                                        () ->
                                                new AssertionError(
                                                        source
                                                                + ": no floor is known for "
                                                                + names.group(1)));
                if (from == null) {
                    from = part; // the package clause comes first
                } else if (!part.equals(from) && !allowed(from, part)) {
                    wrong.add(ROOT.relativize(source) + ": " + from + " must not see " + part);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void theRuleFindsWhatItForbids() {
        assertThat(allowed("dev.wayside.node", "dev.wayside.statecache")).isFalse();
        assertThat(allowed("dev.wayside.model", "dev.wayside.wire")).isFalse();
        assertThat(allowed("dev.wayside.wire", "dev.wayside.api")).isFalse();
        assertThat(allowed("dev.wayside.connector", "dev.wayside.api")).isFalse();
        assertThat(allowed("dev.wayside.workload", "dev.wayside.testing")).isFalse();
        assertThat(allowed("dev.wayside.workload", "dev.wayside.api")).isTrue();
        assertThat(allowed("dev.wayside.connector", "dev.wayside.wire")).isTrue();
    }

    /** Only floors 0 and 1 export packages. */
    @Test
    void onlyTheLowFloorsExport() throws IOException {
        for (Path source : mainSources()) {
            if (source.endsWith("package-info.java")
                    && Files.readString(source).contains("\n@Export")) {
                String name = ROOT.relativize(source).toString();
                assertThat(name).matches("bundles/dev\\.wayside\\.(model|wire|api)/.*");
            }
        }
    }

    @Test
    void everyBundleSaysFirstWhatItOwns() throws IOException {
        try (Stream<Path> bundles = Files.list(ROOT.resolve("bundles"))) {
            for (Path bundle : bundles.toList()) {
                Path readme = bundle.resolve("README.md");
                assertThat(readme).exists();
                assertThat(Files.readAllLines(readme).get(0))
                        .as(readme.toString())
                        .matches("Owns .*; reads .*; .*");
            }
        }
    }

    private static boolean allowed(String from, String to) {
        int floor = FLOORS.get(from);
        if (floor == CLOUD) {
            return to.equals("dev.wayside.model") || to.equals("dev.wayside.wire");
        }
        if (to.equals("dev.wayside.connector")) {
            return floor == 5;
        }
        return floor > FLOORS.get(to);
    }

    private static Optional<String> part(String name) {
        return FLOORS.keySet().stream()
                .filter(part -> name.equals(part) || name.startsWith(part + "."))
                .findFirst();
    }

    private static List<Path> mainSources() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> file.toString().contains("/src/main/java/"))
                    .toList();
        }
    }
}
