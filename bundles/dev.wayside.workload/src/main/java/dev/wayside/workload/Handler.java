// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a probe or a hook does. Pure data; who runs it is another matter. */
sealed interface Handler {
    record Exec(List<String> command) implements Handler {
        public Exec {
            command = List.copyOf(command);
        }

        @Override
        public String toString() {
            return "exec"; // a command may hold secrets
        }
    }

    /**
     * @param host a name or an address
     * @param path begins with a slash
     */
    record Http(boolean tls, String host, int port, String path, List<Header> headers)
            implements Handler {
        public Http {
            headers = List.copyOf(headers);
        }

        @Override
        public String toString() {
            return "httpGet"; // so may a header
        }
    }

    record Header(String name, String value) {}

    record Tcp(String host, int port) implements Handler {}

    record Grpc(String host, int port, String service) implements Handler {}

    record Sleep(Duration time) implements Handler {}

    /** It names something that is not there. */
    record Broken(String why) implements Handler {}

    /**
     * Reads it.
     *
     * @param action a probe or a hook
     * @param container whose ports it may name
     * @param address the pod's, as seen from here; {@code ""} if it has none yet
     * @return empty if it cannot be done before the pod has an address
     */
    static Optional<Handler> of(JsonObject action, JsonObject container, String address) {
        if (action.has("exec")) {
            return Optional.of(new Exec(action.array("exec", "command").strings()));
        }
        if (action.has("sleep")) {
            return Optional.of(
                    new Sleep(Duration.ofSeconds(action.number("sleep", "seconds").orElse(0))));
        }
        for (String kind : List.of("httpGet", "tcpSocket", "grpc")) {
            if (action.has(kind)) {
                return network(kind, action.object(kind), container, address);
            }
        }
        return Optional.of(new Broken("it names nothing to do"));
    }

    private static Optional<Handler> network(
            String kind, JsonObject action, JsonObject container, String address) {
        String host = action.string("host").filter(it -> !it.isEmpty()).orElse(address);
        if (host.isEmpty()) {
            return Optional.empty();
        }
        Optional<Integer> port = port(action, container);
        if (port.isEmpty()) {
            return Optional.of(
                    new Broken("the container has no port \"" + action.text("port") + "\""));
        }
        return Optional.of(
                switch (kind) {
                    case "httpGet" -> http(action, host, port.get());
                    case "grpc" -> new Grpc(host, port.get(), action.text("service"));
                    default -> new Tcp(host, port.get());
                });
    }

    private static Http http(JsonObject action, String host, int port) {
        List<Header> headers = new ArrayList<>();
        for (JsonObject header : action.array("httpHeaders").objects()) {
            headers.add(new Header(header.text("name"), header.text("value")));
        }
        String path = action.text("path");
        return new Http(
                action.text("scheme").equals("HTTPS"),
                host,
                port,
                path.startsWith("/") ? path : "/" + path,
                headers);
    }

    private static Optional<Integer> port(JsonObject action, JsonObject container) {
        if (action.get("port").orElse(null) instanceof JsonNumber) {
            return Optional.of((int) action.number("port").orElse(0));
        }
        String name = action.text("port");
        if (name.matches("[0-9]{1,5}")) {
            return Optional.of(Integer.parseInt(name));
        }
        return container.array("ports").objects().stream()
                .filter(port -> port.text("name").equals(name))
                .map(port -> (int) port.number("containerPort").orElse(0))
                .findFirst();
    }
}
