// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.testing.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** An operator gives out rights and tries them, by kubectl; the steps build on each other. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AccessIT {
    private static final String BOT = "system:serviceaccount:default:bot";

    private Installation wayside;
    private String token = "";

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(0, 1);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    @Test
    @Order(1)
    void theAdminIsAMasterAndTheDefaultRolesAreThere() throws Exception {
        assertThat(kubectl("auth", "whoami"))
                .contains("Username", "admin")
                .contains("system:masters");
        assertThat(kubectl("auth", "can-i", "*", "*", "--all-namespaces")).contains("yes");
        assertThat(kubectl("get", "clusterroles"))
                .contains("cluster-admin", "admin", "edit", "view", "CREATED AT");
        assertThat(kubectl("describe", "clusterrole", "view"))
                .contains("deployments.apps", "[get list watch]");
        assertThat(kubectl("get", "clusterrolebindings", "-o", "wide"))
                .contains("ClusterRole/cluster-admin", "system:masters");
    }

    @Test
    @Order(2)
    void anAccountGetsATokenAndIsNobodyYet() throws Exception {
        assertThat(kubectl("create", "sa", "bot")).contains("serviceaccount/bot created");
        token = kubectl("create", "token", "bot", "--duration=20m").strip();
        assertThat(token.split("\\.")).hasSize(3);
        assertThat(asBot("auth", "whoami").ok()).contains(BOT, "system:serviceaccounts:default");
        assertThat(asBot("get", "pods"))
                .satisfies(
                        result -> {
                            assertThat(result.status()).isEqualTo(1);
                            assertThat(result.output())
                                    .contains(
                                            "Error from server (Forbidden): pods is forbidden: User"
                                                    + " \""
                                                    + BOT
                                                    + "\" cannot list resource \"pods\" in API"
                                                    + " group \"\" in the namespace \"default\"");
                        });
    }

    @Test
    @Order(3)
    void rolesAndBindingsSayWhatItMay() throws Exception {
        assertThat(
                        kubectl(
                                "create",
                                "role",
                                "map-reader",
                                "--verb=get,list",
                                "--resource=configmaps"))
                .contains("role.rbac.authorization.k8s.io/map-reader created");
        assertThat(
                        kubectl(
                                "create",
                                "rolebinding",
                                "bot-reads",
                                "--role=map-reader",
                                "--serviceaccount=default:bot"))
                .contains("created");
        assertThat(
                        kubectl(
                                "create",
                                "clusterrole",
                                "node-reader",
                                "--verb=get,list,watch",
                                "--resource=nodes"))
                .contains("created");
        assertThat(
                        kubectl(
                                "create",
                                "clusterrolebinding",
                                "bot-nodes",
                                "--clusterrole=node-reader",
                                "--serviceaccount=default:bot"))
                .contains("created");
        awaitYes("list", "nodes");
        awaitYes("list", "configmaps");

        assertThat(canI("delete", "configmaps").output()).contains("no");
        assertThat(canI("delete", "configmaps").status()).isEqualTo(1);
        assertThat(canI("list", "configmaps", "-n", "kube-system").output()).contains("no");
        assertThat(asBot("get", "configmaps").ok()).contains("No resources found");
        assertThat(asBot("get", "nodes").ok()).contains("No resources found");
        assertThat(kubectl("auth", "can-i", "--list", "--as=" + BOT))
                .contains("configmaps", "[get list]", "selfsubjectreviews", "/apis/*");
    }

    @Test
    @Order(4)
    void aViewerIsRefusedADeleteInKubernetesWords() throws Exception {
        kubectl("create", "configmap", "precious", "--from-literal=a=b");
        kubectl("create", "rolebinding", "jane-views", "--clusterrole=view", "--user=jane");
        Eventually.see(
                "Jane's right",
                Duration.ofSeconds(30),
                () -> wayside.kubectl("get", "cm", "precious", "--as=jane").status(),
                status -> status == 0);

        Command.Result refused = wayside.kubectl("delete", "cm", "precious", "--as=jane");

        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.output())
                .contains(
                        "Error from server (Forbidden): configmaps \"precious\" is forbidden: User"
                            + " \"jane\" cannot delete resource \"configmaps\" in API group \"\" in"
                            + " the namespace \"default\"");
        assertThat(wayside.kubectl("get", "secrets", "--as=jane").status()).isEqualTo(1);
        assertThat(kubectl("auth", "whoami", "--as=jane", "--as-group=dev", "--as-uid=u1"))
                .contains("jane", "dev", "u1", "system:authenticated");
    }

    @Test
    @Order(5)
    void onlyWhoMayImpersonateDoes() throws Exception {
        Command.Result refused = asBot("get", "nodes", "--as=admin");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.output())
                .contains(
                        "users \"admin\" is forbidden: User \""
                                + BOT
                                + "\" cannot impersonate resource \"users\"");
    }

    @Test
    @Order(6)
    void nobodyGrantsWhatHeDoesNotHave() throws Exception {
        kubectl("create", "rolebinding", "ed-admin", "--clusterrole=admin", "--user=ed");
        Eventually.see(
                "Ed's right",
                Duration.ofSeconds(30),
                () -> wayside.kubectl("get", "roles", "--as=ed").status(),
                status -> status == 0);
        assertThat(
                        kubectl(
                                "create",
                                "rolebinding",
                                "more",
                                "--clusterrole=edit",
                                "--user=x",
                                "--as=ed"))
                .contains("created");
        Command.Result refused =
                wayside.kubectl(
                        "create",
                        "rolebinding",
                        "all",
                        "--clusterrole=cluster-admin",
                        "--user=x",
                        "--as=ed");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.output())
                .contains(
                        "is attempting to grant RBAC permissions not currently held",
                        "{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}");
    }

    @Test
    @Order(7)
    void reconcileBringsRolesToWhatAFileSays() throws Exception {
        Path file = wayside.data().resolve("rbac.yaml");
        Files.writeString(
                file,
                """
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: map-reader, namespace: default}
                rules:
                - {apiGroups: [""], resources: [configmaps], verbs: [get, list, watch]}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: bot-reads, namespace: default}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: map-reader}
                subjects:
                - {kind: ServiceAccount, name: bot, namespace: default}
                - {kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata: {name: fresh}
                rules:
                - {apiGroups: [""], resources: [nodes], verbs: [get]}
                """);
        assertThat(kubectl("auth", "reconcile", "-f", file.toString()))
                .contains(
                        "role.rbac.authorization.k8s.io/map-reader reconciled",
                        "rolebinding.rbac.authorization.k8s.io/bot-reads reconciled",
                        "clusterrole.rbac.authorization.k8s.io/fresh reconciled");
        awaitYes("watch", "configmaps");
        assertThat(kubectl("get", "rolebinding", "bot-reads", "-o", "wide"))
                .contains("jane", "default/bot", "Role/map-reader");
        String revision = revision("role", "map-reader");
        assertThat(kubectl("auth", "reconcile", "-f", file.toString())).contains("map-reader");
        assertThat(revision("role", "map-reader")).isEqualTo(revision);
    }

    @Test
    @Order(8)
    void theTokenEndsWithItsAccount() throws Exception {
        kubectl("delete", "sa", "bot");
        kubectl("create", "sa", "bot");
        Command.Result refused = asBot("get", "nodes");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.output())
                .contains("You must be logged in to the server", "its service account is gone");
        kubectl("delete", "sa", "default");
        Eventually.see(
                "another default account",
                Duration.ofSeconds(30),
                () -> wayside.kubectl("get", "sa", "default").status(),
                status -> status == 0);
    }

    @Test
    @Order(9)
    void theAuditLogTellsAllOfItAndNoToken() throws Exception {
        String log =
                Eventually.see(
                        "the last request in the log",
                        Duration.ofSeconds(10),
                        () -> Files.readString(wayside.data().resolve("connector/log/audit.log")),
                        text ->
                                text.contains("\"verb\":\"delete\"")
                                        && text.contains("\"name\":\"default\""));
        assertThat(log)
                .contains("\"impersonatedUser\":{\"username\":\"jane\"")
                .contains("\"verb\":\"delete\"")
                .contains("\"code\":403")
                .contains("kubectl/v1.35")
                .doesNotContain(token.substring(token.lastIndexOf('.') + 1));
    }

    private String revision(String kind, String name) throws Exception {
        return wayside.get(kind, name).get(0).resourceVersion();
    }

    private void awaitYes(String verb, String resource) throws Exception {
        Eventually.see(
                "that it may " + verb + " " + resource,
                Duration.ofSeconds(30),
                () -> canI(verb, resource),
                result -> result.status() == 0 && result.output().contains("yes"));
    }

    private Command.Result canI(String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of("auth", "can-i", "--as=" + BOT));
        all.addAll(List.of(words));
        return wayside.kubectl(all.toArray(String[]::new));
    }

    private String kubectl(String... words) throws Exception {
        return wayside.kubectl(words).ok();
    }

    /** kubectl with nothing but the account's token. */
    private Command.Result asBot(String... words) throws Exception {
        List<String> all =
                new ArrayList<>(
                        List.of(
                                Installation.kubectl(),
                                "--kubeconfig=/dev/null",
                                "--cache-dir=" + wayside.data().resolve("kubectl-cache-bot"),
                                "--server=https://127.0.0.1:" + wayside.port(),
                                "--certificate-authority=" + authority(),
                                "--token=" + token));
        all.addAll(List.of(words));
        return Command.run(Duration.ofMinutes(1), java.util.Map.of(), all);
    }

    private Path authority() throws IOException, InterruptedException {
        Path file = wayside.data().resolve("authority.pem");
        if (!Files.exists(file)) {
            String base64 =
                    wayside.kubectl(
                                    "config",
                                    "view",
                                    "--raw",
                                    "-o",
                                    "jsonpath={.clusters[0].cluster.certificate-authority-data}")
                            .ok();
            Files.write(file, Base64.getDecoder().decode(base64.strip()));
        }
        return file;
    }
}
