// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.ResourceType;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The DeploymentGrid's controller on a store in memory that lags and fails on demand. */
final class DeploymentGridOnFakeStoreTest extends SiteGridContract {
    DeploymentGridOnFakeStoreTest() {
        super(World.Kind.FAKE, GridKind.DEPLOYMENTS);
    }

    // What validation lets through nowhere else.

    @Test
    void templatesAreChosenPerSiteAndAMissingOneFailsItsSiteAlone() {
        twoSites();
        world.node("c", Map.of("site", "site-3"));
        world.start();
        String all =
                "{\"gridUniqKey\":\"site\",\"template\":"
                        + spec("web", "plain", "")
                        + ",\"templatePool\":{\"big\":"
                        + spec("web", "big", "")
                        + ",\"unused\":"
                        + spec("web", "unused", "")
                        + "},\"templates\":{\"site-1\":\"big\",\"site-3\":\"absent\"},\"defaultTemplateName\":\"default\"}";
        create(all);
        await("children", () -> hasChild("web-site-1") && hasChild("web-site-2"));
        assertThat(image("web-site-1")).isEqualTo("big");
        assertThat(image("web-site-2")).isEqualTo("plain");
        await("told", () -> grid().conditionIsTrue("Degraded"));
        assertThat(state("site-3").array("conditions").toJson()).contains("TemplateMissing");
        assertThat(grid().spec()).as("the user's spec is the user's").isEqualTo(World.parse(all));
    }

    @Test
    void anEmptyKeyIsToldAndDoesNothing() {
        twoSites();
        world.start();
        create("{\"template\":" + spec("web", "v1", "") + "}");
        await("told", () -> world.events().contains("Empty: "));
        assertThat(world.names(ResourceType.DEPLOYMENTS)).isEmpty();
        assertThat(grid().condition("Degraded").orElseThrow().text("reason")).isEqualTo("Empty");
    }
}
