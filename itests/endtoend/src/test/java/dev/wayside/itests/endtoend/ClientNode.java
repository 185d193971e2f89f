// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * An informer of ConfigMaps in a Node.js of its own, with npm's {@code @kubernetes/client-node}.
 */
final class ClientNode implements AutoCloseable {
    private final Process process;
    private final Thread reader;
    private final BlockingQueue<JsonObject> caches = new LinkedBlockingQueue<>();

    /**
     * @param events is told of each {@code add}, {@code update} and {@code delete}, and of when the
     *     informer has {@code started}
     */
    ClientNode(Path kubeconfig, Path script, Consumer<JsonObject> events) throws IOException {
        String folder = System.getenv("WAYSIDE_CLIENT_NODE");
        process =
                new ProcessBuilder(
                                "node",
                                script.toString(),
                                folder != null
                                        ? folder
                                        : Installation.ROOT
                                                .resolve(".wayside/tools/client-node")
                                                .toString(),
                                kubeconfig.toString(),
                                "default")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        reader = new Thread(() -> read(events), "client-node-reader");
        reader.start();
    }

    private void read(Consumer<JsonObject> events) {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            String line;
            while ((line = lines.readLine()) != null) {
                JsonObject event = (JsonObject) Json.parse(line);
                if (event.text("type").equals("cache")) {
                    caches.add(event.object("items"));
                } else {
                    events.accept(event);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (JsonException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The resourceVersion of each object that it holds, by name. */
    Map<String, String> cache() throws IOException, InterruptedException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        JsonObject cache = caches.poll(20, TimeUnit.SECONDS);
        if (cache == null) {
            throw new IOException("client-node does not answer");
        }
        return cache.strings();
    }

    List<String> problems() {
        return process.isAlive() ? List.of() : List.of("ended with " + process.exitValue());
    }

    @Override
    public void close() throws Exception {
        process.getOutputStream().close();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        reader.join(10_000);
    }
}
