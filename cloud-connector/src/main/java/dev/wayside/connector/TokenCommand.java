// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.pki.JoinToken;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
        AdminClient client = new AdminClient(kubeconfig);
        JsonObject published =
                client.send(
                        "GET", "/api/v1/namespaces/kube-public/configmaps/wayside-connector", null);
        client.send(
                "POST", "/api/v1/namespaces/kube-system/secrets", token.record().toSecret().json());
        return "gateway join --connector "
                + connector.orElse(published.text("data", "url"))
                + " --token "
                + token.whole()
                + " --ca-hash "
                + published.text("data", "caHash")
                + (nodeName.isEmpty() ? "" : " --name " + nodeName);
    }
}
