// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import dev.wayside.testing.DockerEngine;
import dev.wayside.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A registry of images on the loopback of an engine's network, where engines ask for no TLS. It is
 * Debian's {@code docker-registry}.
 */
final class Registry implements AutoCloseable {
    static final String ADDRESS = "127.0.0.1:5000";

    private final DockerEngine engine;
    private final Process process;

    private Registry(DockerEngine engine, Process process) {
        this.engine = engine;
        this.process = process;
    }

    /**
     * @param folder for its images and its log
     */
    static Registry start(DockerEngine engine, Path folder) throws Exception {
        if (!Files.isExecutable(Path.of("/usr/bin/docker-registry"))) {
            throw new AssertionError(
                    "this test needs docker-registry: apt-get install docker-registry");
        }
        Path config =
                Files.writeString(
                        Files.createDirectories(folder).resolve("config.yml"),
                        """
                        version: 0.1
                        storage: {filesystem: {rootdirectory: "%s"}}
                        http: {addr: "%s"}
                        """
                                .formatted(folder.resolve("images"), ADDRESS));
        Process process =
                new ProcessBuilder(
                                "nsenter",
                                "--net=/proc/" + engine.pid() + "/ns/net",
                                "--",
                                "/usr/bin/docker-registry",
                                "serve",
                                config.toString())
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("log").toFile())
                        .start();
        Registry registry = new Registry(engine, process);
        try {
            Eventually.see(
                    "the registry answers",
                    Duration.ofSeconds(30),
                    () -> {
                        try {
                            return engine.inNetwork(
                                    "busybox",
                                    "wget",
                                    "-q",
                                    "-O",
                                    "-",
                                    "http://" + ADDRESS + "/v2/");
                        } catch (AssertionError notYet) {
                            return "";
                        }
                    },
                    answer -> !answer.isEmpty());
        } catch (AssertionError | Exception e) {
            registry.close();
            throw e;
        }
        return registry;
    }

    /**
     * Makes an image that serves a text at port 80, pushes it, and takes it off the engine.
     *
     * @param name for instance {@code web:1}
     */
    void pushPage(String base, String name, String text) throws Exception {
        String image = ADDRESS + "/" + name;
        engine.docker(
                "run",
                "--name",
                "page",
                base,
                "sh",
                "-c",
                "mkdir /www; echo " + text + " >/www/index.html");
        engine.docker(
                "commit",
                // As the first process httpd would not heed a TERM.
                "-c",
                "CMD [\"sh\",\"-c\",\"trap 'exit 0' TERM; httpd -f -p 80 -h /www & wait\"]",
                "page",
                image);
        engine.docker("rm", "page");
        engine.docker("push", image);
        engine.docker("rmi", image);
    }

    List<String> images() throws Exception {
        return List.of(engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split("\n"));
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        if (!process.waitFor(10, java.util.concurrent.TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
