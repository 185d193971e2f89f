// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.PodReality;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;

/**
 * The records of one attempt of one container.
 *
 * <p>{@code spec.json} is written by us, before anything runs, and never changed. {@code claim},
 * {@code started} and {@code exit} are the waiter's (see {@code waiter.sh}); their times are the
 * container's times. From these alone follows the state:
 *
 * <ul>
 *   <li>{@code exit} is there: it ended.
 *   <li>{@code started} is there: it runs, if the process of that identity does or its waiter does.
 *       Otherwise nobody will ever record how it ended, and we do: 137, ContainerStatusUnknown.
 *   <li>neither: the program never ran. A waiter may be on its way; it has our path among its
 *       arguments.
 * </ul>
 */
final class ContainerFolder {
    static final String UNKNOWN = "ContainerStatusUnknown";

    private static final int UNKNOWN_CODE = 137;
    private static final String SPEC = "spec.json";
    private static final String USER = "user";
    private static final String WORKING_DIR = "workingDir";

    private final Path folder;
    private final String id;
    private final Waiter waiter;

    ContainerFolder(Path folder, String id, Waiter waiter) {
        this.folder = folder;
        this.id = id;
        this.waiter = waiter;
    }

    /** A container with the moment of its making, by which containers are ordered. */
    record Dated(Instant made, PodReality.Container container) {
        static final Comparator<Dated> OLDEST_FIRST =
                Comparator.comparing(Dated::made)
                        .thenComparing(dated -> dated.container().attempt())
                        .thenComparing(dated -> dated.container().name());
    }

    Path path() {
        return folder;
    }

    Path mountPoint() {
        return folder.resolve("root");
    }

    /** One without its spec was not made to the end and counts as absent. */
    boolean exists() {
        return Files.exists(folder.resolve(SPEC));
    }

    /** Writes down what will be started; nothing of env, command or arguments. */
    void create(ContainerRequest request, Clock clock) throws IOException {
        DurableFiles.deleteTree(folder);
        DurableFiles.makeFolder(folder);
        JsonObject spec =
                JsonObject.builder()
                        .put("name", request.name())
                        .put("attempt", request.attempt())
                        .put("image", request.image())
                        .put("specHash", request.specHash())
                        .put(USER, request.user())
                        .put(WORKING_DIR, request.workingDir())
                        .put("made", clock.instant().toString())
                        .build();
        DurableFiles.write(folder.resolve(SPEC), spec.toBytes());
    }

    /** Lets a new waiter try. Only for when no waiter is at work and nothing was started. */
    void dropClaim() throws IOException {
        Files.deleteIfExists(folder.resolve("claim"));
    }

    boolean claimed() {
        return Files.exists(folder.resolve("claim"));
    }

    boolean ended() {
        return Files.exists(folder.resolve("exit"));
    }

    /** The program that was started, if it runs. */
    Optional<ProcessTable.Identity> program() throws IOException {
        Optional<ProcessTable.Identity> identity =
                record("started").flatMap(ProcessTable.Identity::parse);
        return identity.isPresent() && identity.get().runs() ? identity : Optional.empty();
    }

    /** As in the request that made it. */
    String user() throws IOException {
        return spec().map(spec -> spec.text(USER)).orElse("");
    }

    /** As in the request that made it. */
    String workingDir() throws IOException {
        return spec().map(spec -> spec.text(WORKING_DIR)).orElse("");
    }

    private Optional<JsonObject> spec() throws IOException {
        try {
            if (!(Json.parse(Files.readAllBytes(folder.resolve(SPEC)))
                    instanceof JsonObject read)) {
                throw new IOException(folder.resolve(SPEC) + " is no JSON object");
            }
            return Optional.of(read);
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        } catch (JsonException damaged) {
            throw new IOException(folder.resolve(SPEC) + " is damaged", damaged);
        }
    }

    /** Empty if the container was not made to the end, or has just been removed. */
    Optional<Dated> read() throws IOException {
        Optional<JsonObject> spec = spec();
        if (spec.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Dated(Instant.parse(spec.get().text("made")), read(spec.get())));
        } catch (java.time.DateTimeException damaged) {
            throw new IOException(folder.resolve(SPEC) + " is damaged", damaged);
        }
    }

    private PodReality.Container read(JsonObject spec) throws IOException {
        Optional<String> exit = record("exit");
        Optional<String> started = record("started");
        if (started.isPresent() && exit.isEmpty() && !runs(started.get())) {
            // It may have been recorded meanwhile; if not, it never will be.
            exit = record("exit");
            if (exit.isEmpty()) {
                exit = Optional.of(UNKNOWN_CODE + " " + UNKNOWN);
                recordExit(exit.get());
            }
        }
        PodReality.State state =
                exit.isPresent()
                        ? PodReality.State.EXITED
                        : started.isPresent() ? PodReality.State.RUNNING : PodReality.State.CREATED;
        Instant start = started.isPresent() ? timeOf("started") : null;
        Instant end = null;
        int code = 0;
        String reason = "";
        if (exit.isPresent()) {
            String[] fields = exit.get().split(" ");
            code = code(fields[0]);
            reason =
                    fields.length > 1 && !fields[1].equals("-")
                            ? fields[1]
                            : code == 0 ? "Completed" : "Error";
            end = ended() ? timeOf("exit") : timeOf("started");
            if (start != null && end.isBefore(start)) {
                end = start; // the clock was set back meanwhile
            }
        }
        return new PodReality.Container(
                id,
                spec.text("name"),
                Math.toIntExact(spec.number("attempt").orElse(0)),
                spec.text("specHash"),
                spec.text("image"),
                "",
                state,
                start,
                end,
                code,
                reason);
    }

    private boolean runs(String started) throws IOException {
        Optional<ProcessTable.Identity> identity = ProcessTable.Identity.parse(started);
        if (identity.isEmpty() || !identity.get().bootId().equals(ProcessTable.bootId())) {
            return false;
        }
        return identity.get().runs() || !waiter.of(folder).isEmpty();
    }

    private void recordExit(String exit) {
        try {
            DurableFiles.write(folder.resolve("exit"), exit.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException diskFull) {
            // What is there says the same again next time.
            return;
        }
    }

    private Optional<String> record(String name) throws IOException {
        try {
            return Optional.of(Files.readString(folder.resolve(name)).strip());
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        }
    }

    private Instant timeOf(String name) throws IOException {
        return Files.getLastModifiedTime(folder.resolve(name)).toInstant();
    }

    private static int code(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException damaged) {
            return UNKNOWN_CODE;
        }
    }
}
