// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.DriverException;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Docker's Engine API in JSON, at the version that engine and driver both speak. */
final class DockerApi {
    /** What every call that does no long work may take. */
    static final Duration SHORT = Duration.ofSeconds(10);

    private static final Duration VERSION = Duration.ofMillis(4500);
    private static final Version OLDEST = new Version(1, 24);
    private static final Version NEWEST = new Version(1, 44);

    private final DockerSocket socket;

    /** The engine's, as last seen; null if it must be asked. */
    private final AtomicReference<@Nullable Engine> engine = new AtomicReference<>();

    DockerApi(DockerSocket socket) {
        this.socket = socket;
    }

    private record Version(int major, int minor) implements Comparable<Version> {
        static Version parse(String text) throws DriverException {
            try {
                int dot = text.indexOf('.');
                return new Version(
                        Integer.parseInt(text.substring(0, dot)),
                        Integer.parseInt(text.substring(dot + 1)));
            } catch (NumberFormatException | StringIndexOutOfBoundsException e) {
                throw Failures.unavailable(
                        "DockerVersion", "the engine says its API version is \"" + text + "\"", e);
            }
        }

        @Override
        public int compareTo(Version other) {
            return major != other.major
                    ? Integer.compare(major, other.major)
                    : Integer.compare(minor, other.minor);
        }

        @Override
        public String toString() {
            return major + "." + minor;
        }
    }

    /**
     * @param version the engine's own, for instance 20.10.24
     * @param architecture as Go calls it, for instance amd64
     * @param prefix of paths, with the API's version
     */
    record Engine(String version, String architecture, String prefix) {}

    /** An answer; what it means depends on the call. */
    record Reply(int status, Json body) {
        boolean good() {
            return status < 300 || status == 304;
        }

        JsonObject object() {
            return body instanceof JsonObject object ? object : JsonObject.EMPTY;
        }

        /** What the engine says is wrong. */
        String message() {
            return object().string("message").orElse("status " + status);
        }
    }

    /** Asks the engine, in any case. */
    Engine ask() throws DriverException {
        Reply reply =
                reply(
                        exchange(
                                DockerSocket.Question.of(HttpMethod.GET, "/version"),
                                VERSION,
                                null,
                                Duration.ZERO));
        if (!reply.good()) {
            throw unexpected("version", reply);
        }
        JsonObject version = reply.object();
        Version newest = Version.parse(version.text("ApiVersion"));
        Version oldest = Version.parse(version.string("MinAPIVersion").orElse("1.12"));
        if (newest.compareTo(OLDEST) < 0) {
            throw Failures.unavailable(
                    "DockerVersion",
                    "the engine's API is "
                            + newest
                            + ", "
                            + OLDEST
                            + " is needed: update Docker to 1.12 or later");
        }
        Version common = newest.compareTo(NEWEST) < 0 ? newest : NEWEST;
        Version spoken = common.compareTo(oldest) < 0 ? oldest : common;
        Engine answered = new Engine(version.text("Version"), version.text("Arch"), "/v" + spoken);
        engine.set(answered);
        return answered;
    }

    Engine engine() throws DriverException {
        Engine known = engine.get();
        return known == null ? ask() : known;
    }

    Reply get(String path) throws DriverException {
        return send(HttpMethod.GET, path, null, SHORT);
    }

    Reply post(String path, @Nullable JsonObject body, Duration atMost) throws DriverException {
        return send(HttpMethod.POST, path, body, atMost);
    }

    Reply delete(String path, Duration atMost) throws DriverException {
        return send(HttpMethod.DELETE, path, null, atMost);
    }

    private Reply send(HttpMethod method, String path, @Nullable JsonObject body, Duration atMost)
            throws DriverException {
        String whole = engine().prefix() + path;
        return reply(
                exchange(
                        body == null
                                ? DockerSocket.Question.of(method, whole)
                                : new DockerSocket.Question(
                                        method, whole, "application/json", body.toBytes()),
                        atMost,
                        null,
                        Duration.ZERO));
    }

    /**
     * A POST whose answer comes line by line, each a JSON object.
     *
     * @param silence the longest pause between lines
     */
    Reply stream(
            String path,
            String contentType,
            byte[] body,
            Duration atMost,
            Duration silence,
            Consumer<JsonObject> line)
            throws DriverException {
        return reply(
                exchange(
                        new DockerSocket.Question(
                                HttpMethod.POST, engine().prefix() + path, contentType, body),
                        atMost,
                        bytes -> line.accept(object(bytes)),
                        silence));
    }

    /**
     * A POST whose answer is not JSON, and goes on for a while.
     *
     * @param keep bytes of the answer; the rest is thrown away
     * @return empty if it has not ended in time
     */
    Optional<DockerSocket.Answer> raw(String path, JsonObject body, Duration atMost, int keep)
            throws DriverException {
        DockerSocket.Question question =
                new DockerSocket.Question(
                        HttpMethod.POST,
                        engine().prefix() + path,
                        "application/json",
                        body.toBytes(),
                        keep);
        try {
            return Optional.of(socket.call(question, atMost));
        } catch (DockerSocket.LateException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw unanswered(e);
        }
    }

    private DriverException unanswered(IOException e) {
        engine.set(null); // it may come back as another
        return Failures.unavailable(
                "DockerUnavailable",
                "the Docker engine at " + socket.path() + " does not answer: " + e.getMessage(),
                e);
    }

    private DockerSocket.Answer exchange(
            DockerSocket.Question question,
            Duration atMost,
            @Nullable Consumer<byte[]> line,
            Duration silence)
            throws DriverException {
        try {
            return socket.call(question, atMost, line, silence);
        } catch (IOException e) {
            throw unanswered(e);
        }
    }

    static Reply reply(DockerSocket.Answer answer) throws DriverException {
        if (answer.body().length == 0) {
            return new Reply(answer.status(), JsonNull.INSTANCE);
        }
        try {
            return new Reply(answer.status(), Json.parse(answer.body()));
        } catch (JsonException e) {
            if (answer.status() >= 300) {
                return new Reply(answer.status(), JsonNull.INSTANCE);
            }
            throw Failures.unavailable("DockerAnswer", "the engine's answer is no JSON", e);
        }
    }

    /** A line that is no JSON object says nothing. */
    static JsonObject object(byte[] line) {
        try {
            return Json.parse(line) instanceof JsonObject object ? object : JsonObject.EMPTY;
        } catch (JsonException e) {
            return JsonObject.EMPTY;
        }
    }

    static DriverException unexpected(String what, Reply reply) {
        return Failures.unavailable("DockerError", what + ": " + reply.message());
    }

    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
