// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.ExecResult;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commands run inside of containers. The engine starts them, but has no way to end one: that is
 * done from here, by the process id that the engine names, if it is seen to be of that container.
 * What cannot be ended bars further commands in its container, lest they pile up.
 */
final class Commands {
    private static final Logger LOG = LoggerFactory.getLogger(Commands.class);
    private static final Duration ANSWER = Duration.ofSeconds(5);

    /** Each piece of output has a head of eight bytes, and may be as short as one. */
    private static final int MOST_RAW = 9 * ExecResult.MOST_OUTPUT;

    private static final int PIECE_HEAD = 8;

    private final DockerApi api;

    /** By container: commands that were given up and did not end. */
    private final Map<String, Set<String>> stuck = new ConcurrentHashMap<>();

    Commands(DockerApi api) {
        this.api = api;
    }

    ExecResult run(String containerId, List<String> command, Duration timeout)
            throws DriverException {
        endStuck(containerId);
        DockerApi.Reply made =
                api.post(
                        "/containers/" + containerId + "/exec",
                        JsonObject.builder()
                                .put("AttachStdout", true)
                                .put("AttachStderr", true)
                                .put("Cmd", JsonArray.ofStrings(command))
                                .build(),
                        ANSWER);
        if (made.status() == 404 || made.status() == 409) {
            throw gone(made.message());
        }
        String id = made.object().text("Id");
        if (!made.good() || !id.matches("[0-9a-f]{12,64}")) {
            throw DockerApi.unexpected("making a command", made);
        }
        boolean settled = false;
        try {
            ExecResult result = start(containerId, id, timeout);
            settled = true;
            return result;
        } finally {
            if (!settled) {
                giveUp(containerId, id);
            }
        }
    }

    private ExecResult start(String containerId, String id, Duration timeout)
            throws DriverException {
        Optional<DockerSocket.Answer> answer =
                api.raw(
                        "/exec/" + id + "/start",
                        JsonObject.builder().put("Detach", false).put("Tty", false).build(),
                        timeout,
                        MOST_RAW);
        if (answer.isEmpty()) {
            Optional<Integer> code = exitCode(id, Duration.ZERO);
            if (code.isEmpty()) {
                giveUp(containerId, id);
                return new ExecResult(true, 137, "");
            }
            // It has ended; a child of it kept the output open.
            return new ExecResult(false, code.get(), "");
        }
        if (answer.get().status() >= 300) {
            return refused(DockerApi.reply(answer.get()));
        }
        int code =
                exitCode(id, ANSWER)
                        .orElseThrow(
                                () ->
                                        Failures.unavailable(
                                                "ExecUnknown",
                                                "the engine does not tell how a command ended"));
        return new ExecResult(false, code, text(answer.get().body()));
    }

    private static ExecResult refused(DockerApi.Reply reply) throws DriverException {
        String message = reply.message();
        if (message.contains("OCI runtime exec failed")
                || message.contains("executable file not found")
                || message.contains("no such file or directory")) {
            return new ExecResult(false, 127, message);
        }
        if (reply.status() == 404 || reply.status() == 409) {
            throw gone(message);
        }
        throw DockerApi.unexpected("running a command", reply);
    }

    /** Empty if it still runs after that time. */
    private Optional<Integer> exitCode(String id, Duration atMost) throws DriverException {
        long begin = System.nanoTime();
        while (true) {
            Optional<JsonObject> found = inspect(id);
            if (found.isEmpty()) {
                throw gone("the container has ended, and the command with it");
            }
            if (!found.get().flag("Running") && found.get().number("ExitCode").isPresent()) {
                return Optional.of((int) found.get().number("ExitCode").getAsLong());
            }
            if (System.nanoTime() - begin >= atMost.toNanos()) {
                return Optional.empty();
            }
            try {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Failures.unavailable("Interrupted", "waiting was broken off", e);
            }
        }
    }

    private Optional<JsonObject> inspect(String id) throws DriverException {
        DockerApi.Reply reply = api.get("/exec/" + id + "/json");
        if (reply.status() == 404) {
            return Optional.empty();
        }
        if (!reply.good()) {
            throw DockerApi.unexpected("inspecting a command", reply);
        }
        return Optional.of(reply.object());
    }

    private void giveUp(String containerId, String id) {
        stuck.computeIfAbsent(containerId, any -> ConcurrentHashMap.newKeySet()).add(id);
        // Whoever was interrupted meanwhile still cleans up after himself.
        boolean interrupted = Thread.interrupted();
        try {
            endStuck(containerId);
        } catch (DriverException e) {
            LOG.debug("A command in container {} goes on: {}", containerId, e.getMessage());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * @throws DriverException if something of that container cannot be ended
     */
    private void endStuck(String containerId) throws DriverException {
        Set<String> ids = stuck.getOrDefault(containerId, Set.of());
        for (String id : List.copyOf(ids)) {
            for (int tries = 0; runs(containerId, id); tries++) {
                if (tries == 50) {
                    throw Failures.unavailable(
                            "ExecStuck",
                            "an earlier command in the container does not end, and the gateway has"
                                    + " no right to end it");
                }
                try {
                    TimeUnit.MILLISECONDS.sleep(20);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw Failures.unavailable("Interrupted", "waiting was broken off", e);
                }
            }
            ids.remove(id);
        }
        stuck.computeIfPresent(containerId, (any, left) -> left.isEmpty() ? null : left);
    }

    /** Whether the command runs; if it does, it is killed with all its children. */
    private boolean runs(String containerId, String id) throws DriverException {
        Optional<JsonObject> found = inspect(id);
        if (found.isEmpty() || !found.get().flag("Running")) {
            return false;
        }
        long pid = found.get().number("Pid").orElse(0);
        Optional<ProcessHandle> process = pid > 1 ? ProcessHandle.of(pid) : Optional.empty();
        if (process.isPresent() && isOf(containerId, pid)) {
            // The children first: without their parent nobody could tell whose they are.
            try (Stream<ProcessHandle> children = process.get().descendants()) {
                children.forEach(ProcessHandle::destroyForcibly);
            }
            process.get().destroyForcibly();
        }
        return true;
    }

    /** The engine may count processes in a namespace that is not ours. */
    private static boolean isOf(String containerId, long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cgroup")).contains(containerId);
        } catch (IOException gone) {
            return false;
        }
    }

    private static DriverException gone(String message) {
        return new DriverException(DriverException.Kind.GONE, "ContainerNotRunning", message, null);
    }

    /** What was said, out of the pieces in which it comes. */
    static String text(byte[] raw) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteBuffer pieces = ByteBuffer.wrap(raw);
        while (pieces.remaining() > PIECE_HEAD && said.size() < ExecResult.MOST_OUTPUT) {
            pieces.getInt(); // which of the two streams
            int length = pieces.getInt();
            int kept =
                    Math.min(
                            Math.min(Math.max(length, 0), pieces.remaining()),
                            ExecResult.MOST_OUTPUT - said.size());
            said.write(raw, pieces.position(), kept);
            pieces.position(pieces.position() + Math.min(Math.max(length, 0), pieces.remaining()));
        }
        return said.toString(StandardCharsets.UTF_8);
    }
}
