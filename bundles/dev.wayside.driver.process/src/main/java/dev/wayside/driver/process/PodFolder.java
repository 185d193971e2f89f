// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.PodReality;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The records of one pod: {@code pod.json}, and {@code containers/NAME/ATTEMPT/}. */
final class PodFolder {
    static final String SCHEME = "process://";

    // Names that are safe as a file's name.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,252}");
    private static final String POD = "pod.json";
    private static final String BOOT = "boot";

    private final Path folder;
    private final String uid;
    private final Waiter waiter;

    PodFolder(Path pods, String uid, Waiter waiter) {
        if (!isName(uid)) {
            throw new IllegalArgumentException("no pod UID: " + uid);
        }
        this.folder = pods.resolve(uid);
        this.uid = uid;
        this.waiter = waiter;
    }

    static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    boolean exists() {
        return Files.exists(folder.resolve(POD));
    }

    void create(SandboxRequest request) throws IOException {
        DurableFiles.deleteTree(folder); // what an interrupted removal left
        DurableFiles.makeFolder(folder);
        DurableFiles.write(
                folder.resolve(POD),
                JsonObject.builder()
                        .put("namespace", request.namespace())
                        .put("name", request.name())
                        .put(BOOT, ProcessTable.bootId())
                        .build()
                        .toBytes());
    }

    /** Whether it was made in this boot; what ran in another one is gone. */
    boolean current() throws IOException {
        Optional<JsonObject> pod = read();
        return pod.isPresent() && current(pod.get());
    }

    private static boolean current(JsonObject pod) throws IOException {
        // Without a note it was made by a gateway that took none, and is left as it is.
        return !pod.has(BOOT) || pod.text(BOOT).equals(ProcessTable.bootId());
    }

    /** From now on the pod is of this boot. */
    void renew() throws IOException {
        Optional<JsonObject> pod = read();
        if (pod.isPresent()) {
            DurableFiles.write(
                    folder.resolve(POD), pod.get().with(BOOT, ProcessTable.bootId()).toBytes());
        }
    }

    ContainerFolder container(String name, int attempt) {
        if (!isName(name)) {
            throw new IllegalArgumentException("no container name: " + name);
        }
        return new ContainerFolder(
                folder.resolve("containers").resolve(name).resolve(Integer.toString(attempt)),
                SCHEME + uid + "/" + name + "/" + attempt,
                waiter);
    }

    /** The container of this pod that has this id. */
    Optional<ContainerFolder> container(String id) {
        String prefix = SCHEME + uid + "/";
        String[] parts =
                id.startsWith(prefix) ? id.substring(prefix.length()).split("/") : new String[0];
        if (parts.length != 2 || !isName(parts[0]) || !parts[1].matches("\\d{1,9}")) {
            return Optional.empty();
        }
        return Optional.of(container(parts[0], Integer.parseInt(parts[1])));
    }

    /** All that have a folder, be it that they were not made to the end. */
    List<ContainerFolder> containers() throws IOException {
        List<ContainerFolder> found = new ArrayList<>();
        for (Path name : children(folder.resolve("containers"))) {
            for (Path attempt : children(name)) {
                container(SCHEME + uid + "/" + name.getFileName() + "/" + attempt.getFileName())
                        .ifPresent(found::add);
            }
        }
        return found;
    }

    private Optional<JsonObject> read() throws IOException {
        try {
            if (!(Json.parse(Files.readAllBytes(folder.resolve(POD))) instanceof JsonObject read)) {
                throw new IOException(folder.resolve(POD) + " is no JSON object");
            }
            return Optional.of(read);
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        } catch (JsonException damaged) {
            throw new IOException(folder.resolve(POD) + " is damaged", damaged);
        }
    }

    /** Empty if the pod was not made to the end, or has just been removed. */
    Optional<PodReality> read(String ip) throws IOException {
        Optional<JsonObject> read = read();
        if (read.isEmpty()) {
            return Optional.empty();
        }
        JsonObject pod = read.get();
        List<ContainerFolder.Dated> containers = new ArrayList<>();
        for (ContainerFolder container : containers()) {
            container.read().ifPresent(containers::add);
        }
        return Optional.of(
                new PodReality(
                        uid,
                        pod.text("namespace"),
                        pod.text("name"),
                        current(pod),
                        pod.text(BOOT),
                        ip,
                        containers.stream()
                                .sorted(ContainerFolder.Dated.OLDEST_FIRST)
                                .map(ContainerFolder.Dated::container)
                                .toList()));
    }

    void delete() throws IOException {
        // First what makes it a pod, so that half a removal is not taken for a pod without
        // containers.
        if (Files.deleteIfExists(folder.resolve(POD))) {
            DurableFiles.sync(folder);
        }
        DurableFiles.deleteTree(folder);
    }

    Path lockFile() {
        return folder.resolve("lock");
    }

    String uid() {
        return uid;
    }

    static List<Path> children(Path folder) throws IOException {
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(children::add);
        } catch (NoSuchFileException | NotDirectoryException none) {
            return List.of();
        }
        return children;
    }
}
