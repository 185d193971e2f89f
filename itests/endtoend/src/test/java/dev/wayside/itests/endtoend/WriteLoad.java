// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.AdminClient;
import dev.wayside.connector.pki.Kubeconfig;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Many writes as the admin, some at a time. */
final class WriteLoad {
    private static final int AT_A_TIME = 64;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final Kubeconfig config;
    private final HttpClient client;

    WriteLoad(Path kubeconfig) throws IOException {
        this.config = Kubeconfig.read(kubeconfig);
        this.client =
                HttpClient.newBuilder().sslContext(AdminClient.context(config.identity())).build();
    }

    /**
     * Gives the objects a new annotation in turn, until so many writes were acknowledged. One that
     * meets too many others at the same object is refused as a conflict, and does not count.
     */
    void annotate(List<String> paths, int writes) throws InterruptedException {
        Semaphore free = new Semaphore(AT_A_TIME);
        AtomicInteger acknowledged = new AtomicInteger();
        for (int n = 0; acknowledged.get() < writes; n++) {
            assertThat(n).as("tries").isLessThan(2 * writes);
            assertThat(free.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            HttpRequest request =
                    HttpRequest.newBuilder(config.server().resolve(paths.get(n % paths.size())))
                            .header("content-type", "application/merge-patch+json")
                            .method(
                                    "PATCH",
                                    HttpRequest.BodyPublishers.ofString(
                                            "{\"metadata\":{\"annotations\":{\"n\":\""
                                                    + n
                                                    + "\"}}}"))
                            .build();
            var unused =
                    client.sendAsync(request, BodyHandlers.discarding())
                            .whenComplete(
                                    (answer, failure) -> {
                                        if (answer != null && answer.statusCode() == 200) {
                                            acknowledged.incrementAndGet();
                                        }
                                        free.release();
                                    });
        }
        assertThat(free.tryAcquire(AT_A_TIME, PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(acknowledged.get()).isGreaterThanOrEqualTo(writes);
    }
}
