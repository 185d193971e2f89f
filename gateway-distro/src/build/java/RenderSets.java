// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A step of the build: makes feature files and sets of the features' sources.
 *
 * <p>Arguments: the folder of the sources, Maven's list of resolved artifacts (dependency:list with absolute files), the distribution's
 * folder, our version, the lock file. Fails if a bundle is not among the artifacts, if it is no bundle, or if the lock file, which people
 * review, does not say what was resolved ({@code -Dlock=write} writes it).
 */
public final class RenderSets {
    private static final Map<String, List<String>> SETS =
            Map.of("docker", List.of("base", "docker"), "process", List.of("base", "process"));
    private static final Pattern BUNDLE =
            Pattern.compile("\\{\"id\": \"([^:\"]+:[^:\"]+):\\$\\{version}\", \"start-level\": (\\d+)}");

    private record Artifact(String id, Path file) {}

    private record Entry(String id, String file, String digest, String level) {}

    public static void main(String[] args) throws Exception {
        Path sources = Path.of(args[0]);
        Map<String, Artifact> artifacts = artifacts(Path.of(args[1]));
        Path home = Path.of(args[2]);
        String version = args[3];
        Path lock = Path.of(args[4]);
        Files.createDirectories(home.resolve("bundles"));
        Files.createDirectories(home.resolve("features"));
        Files.createDirectories(home.resolve("sets"));
        Map<String, List<Entry>> features = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(sources)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                String name = file.getFileName().toString().replace(".json", "");
                features.put(name, render(file, home, artifacts, version));
            }
        }
        for (Map.Entry<String, List<String>> set : SETS.entrySet()) {
            writeSet(home.resolve("sets").resolve(set.getKey() + ".json"), set.getValue(), features, version);
        }
        checkLock(lock, features);
    }

    private static List<Entry> render(Path source, Path home, Map<String, Artifact> artifacts, String version)
            throws Exception {
        List<Entry> entries = new ArrayList<>();
        String text = Files.readString(source);
        StringBuilder rendered = new StringBuilder();
        Matcher bundle = BUNDLE.matcher(text);
        while (bundle.find()) {
            Artifact artifact = artifacts.get(bundle.group(1));
            if (artifact == null) {
                throw new IllegalStateException(
                        source + ": " + bundle.group(1) + " is not among the distribution's dependencies");
            }
            Entry entry = copy(artifact, home, bundle.group(2));
            entries.add(entry);
            bundle.appendReplacement(
                    rendered,
                    Matcher.quoteReplacement(
                            "{\"id\": \"" + entry.id() + "\", \"sha256\": \"" + entry.digest().substring(7)
                                    + "\", \"start-level\": " + entry.level() + "}"));
        }
        bundle.appendTail(rendered);
        String done = rendered.toString().replace("${version}", version);
        Matcher own = Pattern.compile("\\$\\{").matcher(done);
        if (own.find()) {
            throw new IllegalStateException(source + ": a ${…} was not understood at " + done.substring(own.start(), own.start() + 30));
        }
        Files.writeString(home.resolve("features").resolve(source.getFileName()), done);
        return entries;
    }

    private static Entry copy(Artifact artifact, Path home, String level) throws Exception {
        String[] parts = artifact.id().split(":");
        Path file = home.resolve("bundles").resolve(parts[1] + "-" + parts[2] + ".jar");
        Files.copy(artifact.file(), file, StandardCopyOption.REPLACE_EXISTING);
        try (var jar = new java.util.jar.JarFile(file.toFile())) {
            if (jar.getManifest().getMainAttributes().getValue("Bundle-SymbolicName") == null) {
                throw new IllegalStateException(artifact.id() + " is no OSGi bundle");
            }
        }
        return new Entry(artifact.id(), "bundles/" + file.getFileName(), "sha256:" + sha256(file), level);
    }

    private static void writeSet(Path file, List<String> names, Map<String, List<Entry>> features, String version)
            throws IOException {
        List<String> lines = new ArrayList<>();
        for (String name : names) {
            for (Entry entry : features.get(name)) {
                lines.add("    {\"id\": \"" + entry.id() + "\", \"file\": \"" + entry.file() + "\", \"digest\": \""
                        + entry.digest() + "\", \"startLevel\": " + entry.level() + "}");
            }
        }
        String listed = String.join(", ", names.stream().map(name -> "\"dev.wayside:" + name + ":" + version + "\"").toList());
        Files.writeString(
                file,
                "{\n  \"format\": 1,\n  \"features\": [" + listed + "],\n  \"bundles\": [\n" + String.join(",\n", lines)
                        + "\n  ],\n  \"configurations\": {}\n}\n");
    }

    /** Third-party bundles by digest; ours by name, since they change with every commit. */
    private static void checkLock(Path lock, Map<String, List<Entry>> features) throws IOException {
        Map<String, String> resolved = new TreeMap<>();
        features.forEach((name, entries) -> entries.forEach(entry -> {
            boolean ours = entry.id().startsWith("dev.wayside:");
            resolved.put(entry.id(), ours ? "" : " " + entry.digest());
        }));
        StringBuilder text = new StringBuilder("# The bundles of the gateway as resolved. Made by the build with -Dlock=write; read by people.\n");
        resolved.forEach((id, digest) -> text.append(id).append(digest).append('\n'));
        if ("write".equals(System.getProperty("lock"))) {
            Files.writeString(lock, text.toString());
        } else if (!Files.exists(lock) || !Files.readString(lock).equals(text.toString())) {
            throw new IllegalStateException(lock + " is not what was resolved. Look at the change, then build once with -Dlock=write. Resolved:\n" + text);
        }
    }

    /** Lines such as {@code g:a:jar:1.0:runtime:/path/a.jar -- module x}. */
    private static Map<String, Artifact> artifacts(Path list) throws IOException {
        Map<String, Artifact> artifacts = new LinkedHashMap<>();
        for (String line : Files.readAllLines(list)) {
            String plain = line.replaceAll("\u001B\\[[0-9;]*m", "").strip().replaceAll(" -- module.*$", "");
            String[] parts = plain.split(":", 6);
            if (parts.length == 6 && parts[2].equals("jar")) {
                artifacts.put(parts[0] + ":" + parts[1], new Artifact(parts[0] + ":" + parts[1] + ":" + parts[3], Path.of(parts[5])));
            }
        }
        return artifacts;
    }

    private static String sha256(Path file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[65536];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
