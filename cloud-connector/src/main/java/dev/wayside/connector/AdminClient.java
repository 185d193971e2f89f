// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.pki.Kubeconfig;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Talks to a running connector as the admin of a kubeconfig, for the commands of this program. */
public final class AdminClient {
    private static final Duration TIMEOUT = Duration.ofSeconds(15);
    private static final int MOST_OF_A_REFUSAL = 1 << 16;
    private static final char[] NO_PASSWORD = {};

    private final Kubeconfig config;
    private final HttpClient client;

    /**
     * @throws IOException if the kubeconfig can't be read or is no good
     */
    AdminClient(Path kubeconfig) throws IOException {
        this.config = Kubeconfig.read(kubeconfig);
        this.client =
                HttpClient.newBuilder()
                        .sslContext(context(config.identity()))
                        .connectTimeout(TIMEOUT)
                        .build();
    }

    /**
     * Sends one request.
     *
     * @param body null for none
     * @throws IOException if the connector cannot be reached or refuses; the message says why
     */
    JsonObject send(String method, String path, @Nullable JsonObject body)
            throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(config.server().resolve(path))
                        .timeout(TIMEOUT)
                        .header("content-type", "application/json")
                        .method(
                                method,
                                body == null
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofByteArray(body.toBytes()))
                        .build();
        HttpResponse<byte[]> response;
        try {
            response = client.send(request, BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new IOException(
                    "cannot reach the connector at " + config.server() + "; does it run?", e);
        }
        JsonObject answer = parsed(response.body());
        if (response.statusCode() / 100 != 2) {
            throw new IOException("the connector refused: " + answer.text("message"));
        }
        return answer;
    }

    /**
     * Gets what is too much to be held in memory.
     *
     * @throws IOException if the connector cannot be reached or refuses; the message says why
     */
    InputStream stream(String path) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(config.server().resolve(path)).timeout(TIMEOUT).build();
        HttpResponse<InputStream> response;
        try {
            response = client.send(request, BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw new IOException(
                    "cannot reach the connector at " + config.server() + "; does it run?", e);
        }
        if (response.statusCode() != 200) {
            try (InputStream body = response.body()) {
                throw new IOException(
                        "the connector refused: "
                                + parsed(body.readNBytes(MOST_OF_A_REFUSAL)).text("message"));
            }
        }
        return response.body();
    }

    private static JsonObject parsed(byte[] body) throws IOException {
        try {
            return Json.parse(body) instanceof JsonObject object ? object : JsonObject.EMPTY;
        } catch (JsonException e) {
            throw new IOException("the connector's answer is no JSON", e);
        }
    }

    /**
     * TLS 1.3 as the identity, trusting its authority alone.
     *
     * @throws IOException if key or certificate are no good
     */
    public static SSLContext context(TlsIdentity identity) throws IOException {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, NO_PASSWORD);
            keys.setKeyEntry(
                    "admin",
                    identity.key(),
                    NO_PASSWORD,
                    identity.chain().toArray(X509Certificate[]::new));
            KeyManagerFactory own =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            own.init(keys, NO_PASSWORD);
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, NO_PASSWORD);
            trusted.setCertificateEntry("authority", identity.authority());
            TrustManagerFactory trust =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("the kubeconfig's certificate or key is no good", e);
        }
    }
}
