// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code connector node await NAME...}: returns when all the Nodes are Ready, or says which are
 * not.
 */
final class NodeCommand {
    private static final Duration PAUSE = Duration.ofMillis(200);

    private NodeCommand() {}

    /**
     * @return the exit code
     * @throws IllegalArgumentException if the command line is wrong
     * @throws IOException if the connector cannot be reached
     */
    static int run(List<String> arguments, PrintStream err)
            throws IOException, InterruptedException {
        if (arguments.size() < 2 || !arguments.get(1).equals("await")) {
            throw new IllegalArgumentException("unknown command " + String.join(" ", arguments));
        }
        Path kubeconfig = Path.of("data", "kubeconfig");
        int seconds = 60;
        List<String> names = new ArrayList<>();
        Arguments rest = new Arguments(arguments.subList(2, arguments.size()));
        while (rest.hasNext()) {
            String word = rest.next();
            switch (word) {
                case "--kubeconfig" -> kubeconfig = Path.of(rest.value(word));
                case "--timeout" -> seconds = Arguments.number(word, rest.value(word), 1, 3600);
                default -> names.add(word);
            }
        }
        AdminClient client = new AdminClient(kubeconfig);
        long deadline = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        while (true) {
            List<KubeObject> nodes =
                    client
                            .send("GET", ResourceType.NODES.path(""), null)
                            .array("items")
                            .objects()
                            .stream()
                            .map(KubeObject::new)
                            .toList();
            names.removeIf(
                    name ->
                            nodes.stream()
                                    .anyMatch(
                                            node ->
                                                    node.name().equals(name)
                                                            && node.conditionIsTrue("Ready")));
            if (names.isEmpty()) {
                return 0;
            }
            if (System.nanoTime() > deadline) {
                err.println(
                        "connector: not Ready after "
                                + seconds
                                + " s: "
                                + String.join(", ", names));
                return Connector.FAILED;
            }
            Thread.sleep(
                    PAUSE.toMillis()); // a poll: a command that lives for seconds needs no watch
        }
    }
}
