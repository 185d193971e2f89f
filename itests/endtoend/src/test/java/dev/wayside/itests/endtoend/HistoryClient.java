// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import dev.wayside.connector.AdminClient;
import dev.wayside.connector.pki.Kubeconfig;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** The API of a connector that is killed now and then. Safe for any thread. */
final class HistoryClient {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final long RETRY_MILLIS = 100;

    record Answer(int status, JsonObject body) {}

    private final Kubeconfig config;
    private final HttpClient client;
    private final AtomicReference<CountDownLatch> start =
            new AtomicReference<>(new CountDownLatch(1));

    HistoryClient(Path kubeconfig) throws IOException {
        this.config = Kubeconfig.read(kubeconfig);
        this.client =
                HttpClient.newBuilder()
                        .sslContext(AdminClient.context(config.identity()))
                        .connectTimeout(TIMEOUT)
                        .build();
    }

    /** Wakes those who wait for the connector. */
    void started() {
        start.getAndSet(new CountDownLatch(1)).countDown();
    }

    /** Returns when the connector was started, or it is time for another try. */
    void awaitAnother() {
        try {
            var unused = start.get().await(RETRY_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    Answer send(String method, String path, String type, String body)
            throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(config.server().resolve(path))
                        .timeout(TIMEOUT)
                        .header("content-type", type)
                        .method(method, BodyPublishers.ofString(body))
                        .build();
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        try {
            return new Answer(response.statusCode(), (JsonObject) Json.parse(response.body()));
        } catch (JsonException e) {
            throw new IOException("the answer is no JSON", e);
        }
    }

    JsonObject get(String path) throws IOException, InterruptedException {
        Answer answer = send("GET", path, "application/json", "");
        if (answer.status() != 200) {
            throw new IOException(path + " got " + answer.body().text("message"));
        }
        return answer.body();
    }

    /** The lines of a watch. */
    Stream<String> lines(String target) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response =
                client.send(
                        HttpRequest.newBuilder(config.server().resolve(target)).build(),
                        BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            response.body().close();
            throw new IOException("the watch got " + response.statusCode());
        }
        return response.body();
    }
}
