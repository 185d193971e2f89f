// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

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
import java.util.stream.Stream;

/** The connector's Kubernetes API, as the admin; may be used by several threads. */
final class Api {
    static final String PODS = "/api/v1/namespaces/default/pods";
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final Kubeconfig config;
    private final HttpClient client;

    Api(Path kubeconfig) throws IOException {
        this.config = Kubeconfig.read(kubeconfig);
        this.client =
                HttpClient.newBuilder()
                        .sslContext(AdminClient.context(config.identity()))
                        .connectTimeout(TIMEOUT)
                        .build();
    }

    void create(String path, JsonObject object) throws IOException, InterruptedException {
        send("POST", path, "application/json", object);
    }

    void patch(String path, JsonObject patch) throws IOException, InterruptedException {
        send("PATCH", path, "application/strategic-merge-patch+json", patch);
    }

    void delete(String path) throws IOException, InterruptedException {
        send("DELETE", path, "application/json", JsonObject.EMPTY);
    }

    /** The lines of a watch, until the connector ends it. */
    Stream<String> watch(String path) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(config.server().resolve(path + "?watch=true")).build();
        HttpResponse<Stream<String>> response = client.send(request, BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new IOException("watch of " + path + " got " + response.statusCode());
        }
        return response.body();
    }

    static JsonObject object(String json) throws IOException {
        try {
            return (JsonObject) Json.parse(json);
        } catch (JsonException e) {
            throw new IOException("no JSON: " + e.getMessage(), e);
        }
    }

    private void send(String method, String path, String type, JsonObject body)
            throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(config.server().resolve(path))
                        .timeout(TIMEOUT)
                        .header("content-type", type)
                        .method(
                                method,
                                body.equals(JsonObject.EMPTY)
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofByteArray(body.toBytes()))
                        .build();
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IOException(method + " " + path + " got " + response.body());
        }
    }
}
