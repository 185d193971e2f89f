// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.TestingStore;
import dev.wayside.connector.apiserver.AuditTrail.Entry;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.model.JsonObject;
import dev.wayside.testing.Eventually;
import dev.wayside.testing.ManualClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuditLogTest {
    private static final User JANE = user("jane", User.AUTHENTICATED_GROUP);
    private static final User GATEWAY = user("system:node:gw-1", User.NODES_GROUP);

    @TempDir Path folder;

    private final ManualClock clock = new ManualClock();

    @Test
    void writesWhoDidWhatAsAnAuditEvent() throws Exception {
        User acting = new User("bob", List.of("dev"), new User.Credential.ActedBy(JANE));
        JsonObject line =
                onlyLine(
                        entry(
                                acting,
                                "PATCH",
                                "/apis/apps/v1/namespaces/default/deployments/web/scale?dryRun=All"
                                        + "&secret=x",
                                200));

        assertThat(line.without("auditID"))
                .isEqualTo(
                        TestingStore.json(
                                """
                                {"kind": "Event", "apiVersion": "audit.k8s.io/v1",
                                 "level": "Metadata", "stage": "ResponseComplete",
                                 "requestURI": "/apis/apps/v1/namespaces/default/deployments/web/scale",
                                 "verb": "patch",
                                 "user": {"username": "jane", "groups": ["system:authenticated"]},
                                 "impersonatedUser": {"username": "bob", "groups": ["dev"]},
                                 "sourceIPs": ["10.0.0.1"], "userAgent": "kubectl/v1.35.2",
                                 "objectRef": {"resource": "deployments", "namespace": "default",
                                   "name": "web", "apiGroup": "apps", "apiVersion": "v1",
                                   "subresource": "scale"},
                                 "responseStatus": {"metadata": {}, "code": 200},
                                 "requestReceivedTimestamp": "%s", "stageTimestamp": "%s",
                                 "annotations": {"authorization.k8s.io/decision": "allow",
                                   "authorization.k8s.io/reason": "RBAC: allowed",
                                   "wayside.dev/milliseconds": "12",
                                   "wayside.dev/dry-run": "true"}}
                                """
                                        .formatted(
                                                clock.instant(), clock.instant().plusMillis(12))));
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(folder.resolve("audit.log"))))
                .isEqualTo("rw-------");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "jane | GET    | /api/v1/namespaces/default/secrets/s                | 200 | true",
                "jane | GET    | /api/v1/pods?watch=true                             | 200 | true",
                "jane | POST   | /api/v1/namespaces/default/pods                     | 201 | true",
                "jane | POST   | /api/v1/namespaces/default/pods                     | 409 | true",
                "jane | GET    | /apis/apps/v1                                       | 200 | false",
                "jane | GET    | /healthz                                            | 200 | false",
                "jane | PUT    | /apis/coordination.k8s.io/v1/namespaces/n/leases/l  | 200 | false",
                "jane | DELETE | /apis/coordination.k8s.io/v1/namespaces/n/leases/l  | 200 | true",
                "jane | POST   | /api/v1/namespaces/n/events                         | 201 | false",
                "jane | GET    | /apis/apps/v1                                       | 403 | true",
                "jane | POST   | /apis/authorization.k8s.io/v1/selfsubjectaccessreviews | 201 |"
                        + " false",
                "jane | POST   | /api/v1/namespaces/n/serviceaccounts/bot/token      | 201 | true",
                "gw   | GET    | /api/v1/namespaces/default/secrets/s                | 200 | false",
                "gw   | GET    | /api/v1/pods?watch=true&fieldSelector=spec.nodeName | 200 | false",
                "gw   | PATCH  | /api/v1/nodes/gw-1/status                           | 200 | false",
                "gw   | PATCH  | /api/v1/namespaces/default/pods/p/status            | 200 | false",
                "gw   | DELETE | /api/v1/namespaces/default/pods/p                   | 200 | true",
                "gw   | GET    | /api/v1/namespaces/default/secrets/s                | 403 | true",
                "gw   | POST   | /apis/certificates.k8s.io/v1/certificatesigningrequests | 201 |"
                        + " true",
            })
    void writesWhatAnOperatorWouldLookFor(
            String who, String method, String path, int code, boolean written) {
        User user = who.equals("gw") ? GATEWAY : JANE;
        assertThat(new AuditPolicy().isWorthALine(entry(user, method, path, code)))
                .isEqualTo(written);
    }

    @Test
    void writesTheSameRefusalOncePerMinute() {
        AuditPolicy policy = new AuditPolicy();
        Entry refused = entry(JANE, "GET", "/api/v1/secrets", 403);
        assertThat(policy.isWorthALine(refused)).isTrue();
        assertThat(policy.isWorthALine(refused)).isFalse();
        assertThat(policy.isWorthALine(entry(JANE, "GET", "/api/v1/nodes", 403))).isTrue();
        clock.advance(Duration.ofMinutes(1));
        assertThat(policy.isWorthALine(entry(JANE, "GET", "/api/v1/secrets", 403))).isTrue();
    }

    @Test
    void aStrangerCannotFloodItWithMadeUpPaths() {
        AuditPolicy policy = new AuditPolicy();
        long lines = 0;
        for (int i = 0; i < 1_000; i++) {
            Entry entry = entry(User.ANONYMOUS, "GET", "/api/v1/namespaces/n" + i + "/pods", 401);
            lines += policy.isWorthALine(entry) ? 1 : 0;
        }
        assertThat(lines).isEqualTo(1);
    }

    @Test
    void boundsWhatAClientSaysOfItself() throws Exception {
        Entry entry = entry(JANE, "DELETE", "/api/v1/namespaces/default/pods/p", 200);
        Entry long1 =
                new Entry(
                        entry.received(),
                        entry.answered(),
                        entry.method(),
                        "/" + "p".repeat(10_000),
                        entry.source(),
                        "a".repeat(100_000),
                        entry.user(),
                        entry.request(),
                        "",
                        200,
                        "");
        assertThat(onlyLine(long1).toJson().length()).isLessThan(4_000);
    }

    @Test
    void nobodyForgesALineOrCommandsATerminal() throws Exception {
        String name = "jane\n{\"kind\":\"Event\"}\r\u0085\u2028\u009b2J\u202e\u001b[2J";
        Entry entry = entry(user(name, "g"), "DELETE", "/api/v1/namespaces/default/pods/p", 200);

        assertThat(onlyLine(entry).text("user", "username")).isEqualTo(name);

        String written = Files.readString(folder.resolve("audit.log"));
        assertThat(written.strip()).matches("[\\x20-\\x7e]*");
    }

    @Test
    void writesALineAtOnceAndSyncsItWhileItRuns() throws Exception {
        Path path = folder.resolve("audit.log");
        try (AuditLog log = AuditLog.open(path, clock)) {
            log.record(entry(JANE, "DELETE", "/api/v1/namespaces/default/pods/p", 200));
            Eventually.see(
                    "the line",
                    Duration.ofSeconds(20),
                    () -> Files.readAllLines(path).size(),
                    lines -> lines.equals(1));
            log.record(entry(JANE, "DELETE", "/api/v1/namespaces/default/pods/q", 200));
        }
        assertThat(Files.readAllLines(path)).hasSize(2);
    }

    /** The device that is always full stands for a disk that is. */
    @Test
    void aFullDiskStopsNobodyAndIsCounted() throws Exception {
        Path path = folder.resolve("audit.log");
        Files.createSymbolicLink(path, Path.of("/dev/full"));
        try (AuditLog log = AuditLog.open(path, clock)) {
            for (int i = 0; i < 20; i++) {
                log.record(entry(JANE, "DELETE", "/api/v1/namespaces/default/pods/p" + i, 200));
            }
            Eventually.see(
                    "lost lines", Duration.ofSeconds(20), log::lost, lost -> lost.equals(20L));
            Files.delete(path);
            log.record(entry(JANE, "DELETE", "/api/v1/namespaces/default/pods/q", 200));
        }
        assertThat(Files.readAllLines(path))
                .hasSize(2)
                .first()
                .asString()
                .contains("\"wayside.dev/lost-events\":\"20\"");
    }

    @Test
    void turnsItsFilesOverAndKeepsNoMoreThanTen() throws Exception {
        Path path = folder.resolve("audit.log");
        RotatedFile file = RotatedFile.open(path, 100);
        JsonObject line = JsonObject.of("a", "b".repeat(60));
        for (int i = 0; i < 30; i++) {
            file.append(line);
        }
        file.close();

        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(RotatedFile.KEPT + 1);
        }
        assertThat(Files.readAllLines(path)).hasSize(1);
        assertThat(folder.resolve("audit.log.10")).exists();
    }

    @Test
    void beginsANewLineAfterOneThatWasCutOff() throws Exception {
        Path path = folder.resolve("audit.log");
        Files.writeString(path, "{\"cut\":", StandardOpenOption.CREATE);
        RotatedFile file = RotatedFile.open(path, 1_000);
        file.append(JsonObject.of("a", "b"));
        file.close();
        assertThat(Files.readAllLines(path)).containsExactly("{\"cut\":", "{\"a\":\"b\"}");
    }

    private JsonObject onlyLine(Entry entry) throws Exception {
        Path path = folder.resolve("audit.log");
        try (AuditLog log = AuditLog.open(path, clock)) {
            log.record(entry);
        }
        assertThat(Files.readAllLines(path)).hasSize(1);
        return TestingStore.json(Files.readString(path));
    }

    private Entry entry(User user, String method, String target, int code) {
        int mark = target.indexOf('?');
        return new Entry(
                clock.instant(),
                clock.instant().plusMillis(12),
                method,
                mark < 0 ? target : target.substring(0, mark),
                "10.0.0.1",
                "kubectl/v1.35.2",
                user,
                RequestInfo.parse(method, target),
                method.equals("POST") ? "new" : "",
                code,
                "RBAC: allowed");
    }

    private static User user(String name, String group) {
        return new User(name, List.of(group), new User.Credential.Certificate("uid", Instant.MAX));
    }
}
