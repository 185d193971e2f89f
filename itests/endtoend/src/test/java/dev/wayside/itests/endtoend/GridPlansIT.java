// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What kubectl shows of what a change would delete, before it is made. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GridPlansIT {
    private Surface kubectl;

    @BeforeAll
    void up() throws Exception {
        kubectl = Surface.up();
    }

    @AfterAll
    void down() throws Exception {
        if (kubectl != null) {
            kubectl.close();
        }
    }

    private static String grid(String key) {
        return Manifests.grid("web", "wayside.dev/host", 0, "x")
                .replace("gridUniqKey: site", "gridUniqKey: " + key);
    }

    @Test
    void dryRunsWarnOfWhatWouldGo() throws Exception {
        for (int i = 1; i < 3; i++) {
            String node =
                    "{apiVersion: v1, kind: Node, metadata: {name: box-%d, labels: {hall: h%d}}}";
            kubectl.ok("apply -f " + kubectl.file("n" + i, node.formatted(i, i)));
        }
        kubectl.ok("apply -f " + kubectl.file("g", grid("hall")));
        kubectl.ok("wait --for=create deploy/web-h1 deploy/web-h2 --timeout=30s");
        String h2 = "Deployment web-h2 (0 pods) would be deleted after 10m";
        assertThat(kubectl.ok("label node box-2 hall- --dry-run=server"))
                .contains(
                        "Warning: DeploymentGrid default/web: no node would carry hall=h2; " + h2);
        assertThat(kubectl.ok("delete node box-2 --dry-run=server")).contains(h2);
        String moved = kubectl.file("m", grid("room"));
        assertThat(kubectl.ok("apply --dry-run=server -f " + moved))
                .contains("Warning: DeploymentGrid default/web: no node carries room")
                .contains("Deployment web-h1 (0 pods), " + h2);
        assertThat(kubectl.ok("apply --server-side --force-conflicts --dry-run=server -f " + moved))
                .contains("Deployment web-h1 (0 pods), " + h2);
        assertThat(kubectl.ok("delete dg web --dry-run=server"))
                .contains("2 Deployments with 0 pods would be deleted with it");
        assertThat(kubectl.ok("delete ns default --dry-run=server"))
                .contains("Warning: Namespace default: ")
                .contains("2 Deployments, 1 DeploymentGrid");
        assertThat(kubectl.ok("get deploy")).contains("web-h1", "web-h2");
        assertThat(kubectl.ok("label node box-2 hall-"))
                .contains("Deployment web-h2 (0 pods) will be deleted after 10m");
        kubectl.ok("wait --for=condition=SitesGone dg/web --timeout=30s");
        assertThat(kubectl.ok("annotate dg web wayside.dev/site-removal-grace=1s"))
                .contains("sites are gone already; Deployment web-h2 (0 pods) will be deleted");
        kubectl.ok("wait --for=delete deploy/web-h2 --timeout=60s");
    }
}
