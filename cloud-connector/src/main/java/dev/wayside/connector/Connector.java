// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.grid.Controllers;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The program: {@code connector} runs a connector; {@code connector token create}, {@code connector
 * node await} and {@code connector backup} talk to it, {@code connector restore} takes its place.
 */
public final class Connector {
    static final int FAILED = 1;
    static final int WRONG_USAGE = 2;
    static final int PORT_IN_USE = 3;

    private static final int STOP_WITHIN_SECONDS = 10;

    private Connector() {}

    public static void main(String[] arguments) {
        List<String> all = List.of(arguments);
        int code;
        try {
            code =
                    switch (all.isEmpty() ? "-" : all.get(0)) {
                        case "token" -> TokenCommand.run(all, System.out, Clock.systemUTC());
                        case "backup", "restore" ->
                                BackupCommand.run(all, System.out, Clock.systemUTC());
                        case "node" -> NodeCommand.run(all, System.err);
                        default -> serve(all);
                    };
        } catch (IllegalArgumentException e) {
            System.err.println("connector: " + e.getMessage());
            System.err.println(ConnectorOptions.USAGE);
            code = WRONG_USAGE;
        } catch (IOException e) {
            System.err.println("connector: " + e.getMessage());
            code = FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            code = FAILED;
        }
        System.exit(code);
    }

    private static int serve(List<String> arguments) throws IOException, InterruptedException {
        if (arguments.contains("--help")) {
            System.out.println(ConnectorOptions.USAGE);
            return 0;
        }
        ConnectorOptions options = ConnectorOptions.parse(arguments);
        logTo(options.data());
        CountDownLatch stopping = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        try (ConnectorServer server =
                ConnectorServer.start(options, Controllers::start, Clock.systemUTC())) {
            // The hook only rings: what was started is closed by the thread that started it.
            Runtime.getRuntime()
                    .addShutdownHook(
                            new Thread(
                                    () -> {
                                        stopping.countDown();
                                        await(stopped);
                                    },
                                    "wayside-connector-stop"));
            System.out.println(
                    "Connector ready at "
                            + server.url()
                            + ", kubeconfig "
                            + options.kubeconfig().toAbsolutePath());
            stopping.await();
        } catch (IOException e) {
            if (!(e.getCause() instanceof BindException)) {
                throw e;
            }
            System.err.println(
                    "connector: cannot listen on "
                            + options.listenHost()
                            + ":"
                            + options.listenPort()
                            + ": "
                            + e.getCause().getMessage()
                            + ". Choose another port by --listen HOST:PORT, or stop what uses it.");
            return PORT_IN_USE;
        } finally {
            stopped.countDown();
        }
        return 0;
    }

    /** Before the first logger: the provider reads its settings once. */
    private static void logTo(Path data) {
        if (System.getProperty("wayside.log.file") == null) {
            System.setProperty("wayside.log.file", data.resolve("log/connector.log").toString());
        }
    }

    private static void await(CountDownLatch stopped) {
        try {
            if (!stopped.await(STOP_WITHIN_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("connector: did not stop in time, what is open is cut off");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
