// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpRoundTripTest {
    @TempDir static Path folder;

    @Test
    void theClientReachesTheServer() throws Exception {
        OpenSslAuthority authority = new OpenSslAuthority(folder, "wayside");
        TlsIdentity server = authority.server();
        TlsIdentity client = authority.client("system:node:a", "system:nodes");
        try (EventLoops loops = new EventLoops("wayside-test-net", 1);
                HttpServer listener =
                        HttpServer.start(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                new ServerTls(() -> server, Instant::now),
                                ServerLimits.gateway(),
                                Refusal::plainText,
                                loops,
                                (request, exchange) ->
                                        exchange.respond(
                                                new HttpResponse(
                                                        200,
                                                        Map.of("content-type", "text/plain"),
                                                        (request.method()
                                                                        + " "
                                                                        + request.target()
                                                                        + " "
                                                                        + request.peer()
                                                                                .getSubjectX500Principal()
                                                                        + " "
                                                                        + new String(
                                                                                request.body(),
                                                                                UTF_8))
                                                                .getBytes(UTF_8))))) {
            URI uri = URI.create("https://localhost:" + listener.address().getPort());
            HttpConnection connection =
                    HttpConnection.connect(
                                    uri,
                                    ClientTls.mutual(client, Instant::now),
                                    ClientLimits.defaults(),
                                    loops)
                            .get(10, TimeUnit.SECONDS);
            HttpResponse response =
                    connection
                            .send(
                                    "POST",
                                    "/a?b=c",
                                    Map.of(),
                                    "hello".getBytes(UTF_8),
                                    Duration.ofSeconds(5))
                            .get(10, TimeUnit.SECONDS);
            assertThat(new String(response.body(), UTF_8))
                    .isEqualTo("POST /a?b=c CN=system:node:a, O=system:nodes hello");
            connection.close();
        }
    }
}
