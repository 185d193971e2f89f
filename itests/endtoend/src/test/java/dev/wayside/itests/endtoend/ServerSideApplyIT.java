// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** kubectl's server-side apply, on a connector without gateways. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServerSideApplyIT {
    private Installation wayside;

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

    private static String deployment(String name, int replicas, String image, String more) {
        return """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: %s}
        spec:
          replicas: %d
          selector: {matchLabels: {app: %s}}
          template:
            metadata: {labels: {app: %s}}
            spec:
              containers:
              - name: main
                image: %s
                env: [{name: KEPT, value: "1"}%s]
        """
                .formatted(name, replicas, name, name, image, more);
    }

    private Command.Result kubectl(String manifest, String... words)
            throws IOException, InterruptedException {
        Path file = Files.createTempFile(wayside.data(), "manifest-", ".yaml");
        Files.writeString(file, manifest);
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("-f", file.toString()));
        return wayside.kubectl(all.toArray(String[]::new));
    }

    private Command.Result apply(String manifest, String... more)
            throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("apply", "--server-side"));
        words.addAll(List.of(more));
        return kubectl(manifest, words.toArray(String[]::new));
    }

    private KubeObject get(String name) throws IOException, InterruptedException {
        return wayside.get("deployment", name, "--show-managed-fields").get(0);
    }

    private static List<String> managers(KubeObject object) {
        return object.metadata().array("managedFields").objects().stream()
                .map(entry -> entry.text("manager") + "/" + entry.text("operation"))
                .toList();
    }

    private static JsonObject container(KubeObject deployment) {
        return deployment.spec().object("template", "spec").array("containers").objects().get(0);
    }

    @Test
    void conflictsWithAnotherManagerUntilItInsists() throws Exception {
        assertThat(apply(deployment("conflict", 0, "a:1", "")).ok())
                .contains("conflict serverside-applied");
        Command.Result refused =
                apply(deployment("conflict", 0, "a:2", ""), "--field-manager=other");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.output())
                .contains(
                        "Apply failed with 1 conflict: conflict with \"kubectl\":"
                                + " .spec.template.spec.containers[name=\"main\"].image")
                .contains("Please review the fields above--they currently have other managers");
        apply(deployment("conflict", 0, "a:2", ""), "--field-manager=other", "--force-conflicts")
                .ok();
        KubeObject forced = get("conflict");
        assertThat(container(forced).text("image")).isEqualTo("a:2");
        assertThat(managers(forced)).containsExactly("kubectl/Apply", "other/Apply");
        assertThat(apply(deployment("conflict", 0, "a:1", "")).output())
                .contains("conflict with \"other\"");
        // Nothing of this is shown to who does not ask for it.
        assertThat(wayside.kubectl("get", "deployment", "conflict", "-o", "yaml").ok())
                .doesNotContain("managedFields");
    }

    @Test
    void whatIsAppliedNoMoreGoesAndTheSameAgainChangesNothing() throws Exception {
        apply(deployment("removal", 0, "a:1", ", {name: GONE, value: x}")).ok();
        apply(deployment("removal", 0, "a:1", ", {name: THEIRS, value: z}"), "--field-manager=b")
                .ok();
        apply(deployment("removal", 0, "a:1", "")).ok();
        KubeObject left = get("removal");
        assertThat(container(left).array("env").objects())
                .extracting(variable -> variable.text("name"))
                .containsExactlyInAnyOrder("KEPT", "THEIRS");
        apply(deployment("removal", 0, "a:1", "")).ok();
        apply(deployment("removal", 0, "a:1", ""), "--dry-run=server").ok();
        // The revision is no measure: the controller may still be writing the status.
        KubeObject same = get("removal");
        assertThat(same.metadata().array("managedFields"))
                .isEqualTo(left.metadata().array("managedFields"));
        assertThat(same.spec()).isEqualTo(left.spec());
        assertThat(same.generation()).isEqualTo(left.generation());
    }

    @Test
    void goesOverFromClientSideApplyAndBack() throws Exception {
        kubectl(deployment("moved", 0, "a:1", ", {name: OLD, value: x}"), "apply").ok();
        assertThat(managers(get("moved"))).containsExactly("kubectl-client-side-apply/Update");
        apply(deployment("moved", 0, "a:2", "")).ok();
        KubeObject moved = get("moved");
        assertThat(managers(moved)).containsExactly("kubectl/Apply", "kubectl-last-applied/Apply");
        assertThat(container(moved).text("image")).isEqualTo("a:2");
        assertThat(container(moved).array("env").size()).isEqualTo(1);
        kubectl(deployment("moved", 0, "a:3", ""), "apply").ok();
        assertThat(container(get("moved")).text("image")).isEqualTo("a:3");
    }

    @Test
    void diffsBothWays() throws Exception {
        kubectl(deployment("differs", 0, "a:1", ""), "apply").ok();
        KubeObject before = get("differs");
        for (String side : List.of("--server-side=false", "--server-side=true")) {
            Command.Result same = kubectl(deployment("differs", 0, "a:1", ""), "diff", side);
            assertThat(same.output()).doesNotContain("image");
            Command.Result diff = kubectl(deployment("differs", 0, "a:2", ""), "diff", side);
            assertThat(diff.status()).isEqualTo(1);
            assertThat(diff.output()).contains("image: a:1", "image: a:2");
        }
        assertThat(get("differs").spec()).isEqualTo(before.spec());
        assertThat(managers(get("differs"))).isEqualTo(managers(before));
    }

    @Test
    void strictValidationNamesTheWrongField() throws Exception {
        Command.Result refused =
                apply(deployment("strict", 0, "a:1", "").replace("replicas", "replica"));
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.output()).contains("unknown field \"spec.replica\"");
    }

    @Test
    void ownGridsAreAppliedLikeAllElse() throws Exception {
        String grid = Manifests.grid("ssa", "site", 0, "hi");
        apply(grid, "--field-manager=fleet").ok();
        KubeObject applied = wayside.get("dg", "ssa", "--show-managed-fields").get(0);
        assertThat(managers(applied)).containsExactly("fleet/Apply");
        assertThat(
                        apply(
                                        grid.replace("gridUniqKey: site", "gridUniqKey: line"),
                                        "--field-manager=other")
                                .output())
                .contains("conflict with \"fleet\": .spec.gridUniqKey");
    }
}
