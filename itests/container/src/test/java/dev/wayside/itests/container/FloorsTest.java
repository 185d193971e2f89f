// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.jar.Manifest;
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

    /** What it owns, what it reads, and how it swaps, which its manifest says, too. */
    @Test
    void everyBundleSaysFirstWhatItOwns() throws IOException {
        for (Path bundle : bundles()) {
            Path readme = bundle.resolve("README.md");
            assertThat(readme).exists();
            String first = Files.readAllLines(readme).get(0);
            assertThat(first).as(readme.toString()).matches("Owns .+; reads .+; .+\\.");
            String last = first.substring(first.lastIndexOf(';'));
            String swap = manifest(bundle).getOrDefault("Wayside-Swap", "turn");
            if (floor(bundle) == 2 && !bundle.endsWith("dev.wayside.logging")) {
                assertThat(last)
                        .as(readme.toString())
                        .isEqualTo(swap.equals("beside") ? "; swaps beside." : "; swaps in turn.");
            } else {
                assertThat(last).as(readme.toString()).containsPattern("never (in place|shipped)");
            }
        }
    }

    /** What the compiler was told is what the framework is told. */
    @Test
    void noBundleImportsPackagesFromItsOwnFloorOrAbove() throws IOException {
        List<String> checked = new ArrayList<>();
        for (Path bundle : bundles()) {
            Map<String, String> manifest = manifest(bundle);
            String from = bundle.getFileName().toString();
            for (String name : packages(manifest.getOrDefault("Import-Package", ""))) {
                if (name.startsWith("dev.wayside.")) {
                    assertThat(allowed(from, part(name).orElseThrow()))
                            .as(from + " imports " + name)
                            .isTrue();
                    checked.add(from);
                }
            }
            if (floor(bundle) == 2) {
                assertThat(manifest)
                        .as(from)
                        .doesNotContainKeys("Export-Package", "Require-Bundle");
                assertThat(manifest).as(from).containsEntry("Bundle-SymbolicName", from);
            }
        }
        assertThat(checked)
                .contains(
                        "dev.wayside.node",
                        "dev.wayside.statecache",
                        "dev.wayside.workload",
                        "dev.wayside.driver.docker",
                        "dev.wayside.driver.process");
    }

    /** A gateway has no room for them: 5.4 MB and 8 MB. */
    @Test
    void noGatewayLoadsDatabindOrBouncyCastle() throws IOException {
        List<Path> lists = new ArrayList<>(List.of(ROOT.resolve("gateway-distro/bundles.lock")));
        try (Stream<Path> features = Files.list(ROOT.resolve("features"))) {
            features.filter(file -> file.toString().endsWith(".json")).forEach(lists::add);
        }
        assertThat(lists).hasSizeGreaterThanOrEqualTo(4);
        for (Path list : lists) {
            assertThat(Files.readString(list))
                    .as(list.toString())
                    .contains("dev.wayside")
                    .doesNotContain("jackson-databind")
                    .doesNotContain("bouncycastle");
        }
    }

    private static List<Path> bundles() throws IOException {
        try (Stream<Path> bundles = Files.list(ROOT.resolve("bundles"))) {
            return bundles.filter(Files::isDirectory).sorted().toList();
        }
    }

    private static int floor(Path bundle) {
        return FLOORS.get(bundle.getFileName().toString());
    }

    /** As the build has made it; what is never shipped has none. */
    private static Map<String, String> manifest(Path bundle) throws IOException {
        if (floor(bundle) > 3) {
            return Map.of();
        }
        Map<String, String> headers = new TreeMap<>();
        try (InputStream file =
                Files.newInputStream(bundle.resolve("target/classes/META-INF/MANIFEST.MF"))) {
            new Manifest(file)
                    .getMainAttributes()
                    .forEach((name, value) -> headers.put(name.toString(), value.toString()));
        }
        return headers;
    }

    /** The names in a header, without attributes and directives. */
    private static List<String> packages(String header) {
        return Stream.of(header.replaceAll("\"[^\"]*\"", "").split(","))
                .map(clause -> clause.split(";")[0])
                .toList();
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
