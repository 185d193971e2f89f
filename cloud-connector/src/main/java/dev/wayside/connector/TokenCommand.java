// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.pki.JoinToken;
import dev.wayside.connector.pki.Kubeconfig;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * {@code connector token create}: makes a join token, gives its record (with a hash of the secret)
 * to the running connector, and prints the command for the gateway. The token itself is printed and
 * goes nowhere else.
 */
final class TokenCommand {
    private static final Pattern TTL = Pattern.compile("([1-9][0-9]{0,4})([smhd])");
    private static final Pattern TAINT =
            Pattern.compile("([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)");
    private static final Duration LONGEST = Duration.ofDays(90);
    private static final Duration TIMEOUT = Duration.ofSeconds(15);
    private static final char[] NO_PASSWORD = {};

    private final Path kubeconfig;
    private final String nodeName;
    private final Map<String, String> labels;
    private final JsonArray taints;
    private final Duration ttl;
    private final Optional<String> connector;

    private TokenCommand(
            Path kubeconfig,
            String nodeName,
            Map<String, String> labels,
            JsonArray taints,
            Duration ttl,
            Optional<String> connector) {
        this.kubeconfig = kubeconfig;
        this.nodeName = nodeName;
        this.labels = labels;
        this.taints = taints;
        this.ttl = ttl;
        this.connector = connector;
    }

    /**
     * @return the exit code
     * @throws IllegalArgumentException if the command line is wrong
     * @throws IOException if the connector cannot be reached or refuses; the message says why
     */
    static int run(List<String> arguments, PrintStream out, Clock clock)
            throws IOException, InterruptedException {
        if (arguments.size() < 2
                || !arguments.get(0).equals("token")
                || !arguments.get(1).equals("create")) {
            throw new IllegalArgumentException("unknown command " + String.join(" ", arguments));
        }
        out.println(parse(arguments.subList(2, arguments.size())).create(clock));
        return 0;
    }

    private static TokenCommand parse(List<String> arguments) {
        Path kubeconfig = Path.of("data", "kubeconfig");
        String nodeName = "";
        Map<String, String> labels = new LinkedHashMap<>();
        List<Json> taints = new ArrayList<>();
        Duration ttl = Duration.ofHours(1);
        Optional<String> connector = Optional.empty();
        Arguments rest = new Arguments(arguments);
        while (rest.hasNext()) {
            String option = rest.next();
            String value = rest.value(option);
            switch (option) {
                case "--kubeconfig" -> kubeconfig = Path.of(value);
                case "--data" -> kubeconfig = Path.of(value, "kubeconfig");
                case "--node" -> nodeName = value;
                case "--label" -> {
                    int equal = value.indexOf('=');
                    if (equal <= 0) {
                        throw new IllegalArgumentException("--label needs KEY=VALUE: " + value);
                    }
                    labels.put(value.substring(0, equal), value.substring(equal + 1));
                }
                case "--taint" -> taints.add(taint(value));
                case "--ttl" -> ttl = ttl(value);
                case "--connector" -> connector = Optional.of(value);
                default -> throw new IllegalArgumentException("unknown option " + option);
            }
        }
        return new TokenCommand(
                kubeconfig, nodeName, labels, new JsonArray(taints), ttl, connector);
    }

    private static JsonObject taint(String text) {
        Matcher matcher = TAINT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "--taint needs KEY=VALUE:EFFECT, effects are NoSchedule, PreferNoSchedule and"
                            + " NoExecute: "
                            + text);
        }
        String value = matcher.group(2);
        return JsonObject.builder()
                .put("key", matcher.group(1))
                .putUnlessEmpty("value", value == null ? "" : value)
                .put("effect", matcher.group(3))
                .build();
    }

    private static Duration ttl(String text) {
        Matcher matcher = TTL.matcher(text);
        if (matcher.matches()) {
            long number = Long.parseLong(matcher.group(1));
            Duration ttl =
                    switch (matcher.group(2)) {
                        case "s" -> Duration.ofSeconds(number);
                        case "m" -> Duration.ofMinutes(number);
                        case "h" -> Duration.ofHours(number);
                        default -> Duration.ofDays(number);
                    };
            if (ttl.compareTo(LONGEST) <= 0) {
                return ttl;
            }
        }
        throw new IllegalArgumentException(
                "--ttl must be like 30m, 1h or 7d, and at most 90d, not " + text);
    }

    private String create(Clock clock) throws IOException, InterruptedException {
        JoinToken.Fresh token =
                JoinToken.create(nodeName, labels, taints, clock.instant().plus(ttl));
        Kubeconfig config = Kubeconfig.read(kubeconfig);
        HttpClient client =
                HttpClient.newBuilder()
                        .sslContext(context(config.identity()))
                        .connectTimeout(TIMEOUT)
                        .build();
        JsonObject published =
                send(
                        client,
                        config,
                        "GET",
                        "/api/v1/namespaces/kube-public/configmaps/wayside-connector",
                        null);
        send(
                client,
                config,
                "POST",
                "/api/v1/namespaces/kube-system/secrets",
                token.record().toSecret().json());
        return "gateway join --connector "
                + connector.orElse(published.text("data", "url"))
                + " --token "
                + token.whole()
                + " --ca-hash "
                + published.text("data", "caHash");
    }

    private static JsonObject send(
            HttpClient client,
            Kubeconfig config,
            String method,
            String path,
            @Nullable JsonObject body)
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

    private static JsonObject parsed(byte[] body) throws IOException {
        try {
            return Json.parse(body) instanceof JsonObject object ? object : JsonObject.EMPTY;
        } catch (JsonException e) {
            throw new IOException("the connector's answer is no JSON", e);
        }
    }

    static SSLContext context(TlsIdentity identity) throws IOException {
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
