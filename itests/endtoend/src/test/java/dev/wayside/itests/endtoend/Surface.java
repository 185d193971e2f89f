// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** kubectl typed as people type it, on an installation whose gateways run host processes. */
final class Surface implements AutoCloseable {
    /** A Deployment of two pods, which hold the revision of a text, and its Service. */
    static final String APP =
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: app, labels: {app: app}}
            spec:
              replicas: 2
              selector: {matchLabels: {app: app}}
              template:
                metadata: {labels: {app: app}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: main
                    image: wayside.dev/host
                    command: [sleep, "1000"]
                    env: [{name: TEXT, value: one}]
                    resources: {requests: {cpu: 10m, memory: 8Mi}}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: app}
            spec: {selector: {app: app}, ports: [{name: http, port: 80, targetPort: 8080}]}
            """;

    private final Installation wayside;

    private Surface(Installation wayside) {
        this.wayside = wayside;
    }

    /** With one gateway. */
    static Surface up() throws Exception {
        return up(1);
    }

    /** With a gateway in each site: {@code gw-1} in {@code site-1} and so on. */
    static Surface up(int sites) throws Exception {
        Installation wayside = Installation.withProcesses();
        try {
            wayside.up(sites, sites);
            return new Surface(wayside);
        } catch (AssertionError | Exception e) {
            wayside.close();
            throw e;
        }
    }

    Installation wayside() {
        return wayside;
    }

    /**
     * @param line words divided by spaces
     * @param more words with spaces in them, which come after the others
     */
    Command.Result run(String line, String... more) throws Exception {
        List<String> words = new ArrayList<>(List.of(line.split(" ")));
        words.addAll(List.of(more));
        return wayside.kubectl(words.toArray(String[]::new));
    }

    String ok(String line, String... more) throws Exception {
        return run(line, more).ok();
    }

    /** What kubectl says when it ends with status 1. */
    String refused(String line, String... more) throws Exception {
        Command.Result result = run(line, more);
        assertThat(result.status()).as(line + "\n" + result.output()).isEqualTo(1);
        return result.output();
    }

    /** Writes a file beside the installation and gives its path. */
    String file(String name, String text) throws IOException {
        Path file = wayside.data().resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text).toString();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        wayside.close();
    }
}
