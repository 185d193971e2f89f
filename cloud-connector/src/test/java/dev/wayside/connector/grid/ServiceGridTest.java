// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The ServiceGrid's controller, and the rules of its kind. */
final class ServiceGridTest {
    private static final String ECHO =
            "{\"gridUniqKey\":\"zone1\",\"template\":{\"selector\":{\"appGrid\":\"echo\"},"
                    + "\"ports\":[{\"protocol\":\"TCP\",\"port\":80,\"targetPort\":8080}]}}";

    private final World world = new World(World.Kind.EMBEDDED);

    @AfterEach
    void close() {
        world.close();
    }

    private KubeObject create(String name, String spec) {
        return world.store.create(
                ResourceType.SERVICE_GRIDS,
                KubeObject.of(ResourceType.SERVICE_GRIDS, "default", name)
                        .withSpec(World.parse(spec)),
                World.USER);
    }

    private KubeObject grid() {
        return world.get(ResourceType.SERVICE_GRIDS, "echo");
    }

    private KubeObject service() {
        return world.get(ResourceType.SERVICES, "echo-svc");
    }

    private boolean hasService() {
        return world.exists(ResourceType.SERVICES, "echo-svc");
    }

    private void patch(ResourceType type, String name, String body) {
        world.patch(type, name, body.replace('\'', '"'));
    }

    @Test
    void oneServiceForAllSitesNamesTheLabelThatKeepsItsTraffic() {
        world.start();
        KubeObject grid = create("echo", ECHO);
        await("a service", this::hasService);
        assertThat(service().annotations()).containsEntry("topologyKeys", "[\"zone1\"]");
        assertThat(service().labels())
                .containsEntry("superedge.io/grid-selector", "echo")
                .containsEntry("superedge.io/grid-uniq-key", "zone1");
        assertThat(service().controller().orElseThrow().uid()).isEqualTo(grid.uid());
        assertThat(service().spec().object("selector").strings()).containsEntry("appGrid", "echo");
        await("told", () -> grid().conditionIsTrue("Available"));
        assertThat(grid().status().text("service")).isEqualTo("echo-svc");
        assertThat(grid().status().text("clusterIP")).isEqualTo(service().spec().text("clusterIP"));
        assertThat(grid().status().number("observedGeneration")).hasValue(grid().generation());
        assertThat(grid().spec()).isEqualTo(World.parse(ECHO));
    }

    @Test
    void driftIsRepairedAndTheAddressKept() {
        world.start();
        create("echo", ECHO);
        await("a service", this::hasService);
        String address = service().spec().text("clusterIP");
        patch(ResourceType.SERVICE_GRIDS, "echo", "{'metadata':{'labels':{'team':'x'}}}");
        await("labelled", () -> "x".equals(service().labels().get("team")));
        patch(
                ResourceType.SERVICES,
                "echo-svc",
                "{'metadata':{'labels':{'team':'y','mine':'1'},'annotations':{'topologyKeys':null}},"
                    + "'spec':{'selector':{'appGrid':'other'},'sessionAffinity':'ClientIP'}}");
        await(
                "repaired",
                () ->
                        "echo".equals(service().spec().text("selector", "appGrid"))
                                && service().spec().text("sessionAffinity").equals("None")
                                && "x".equals(service().labels().get("team"))
                                && service().annotations().containsKey("topologyKeys"));
        assertThat(service().labels()).containsEntry("mine", "1");
        patch(
                ResourceType.SERVICE_GRIDS,
                "echo",
                "{'metadata':{'labels':{'team':null}},'spec':{'gridUniqKey':'zone2','template':{'ports':[{'port':81}]}}}");
        await(
                "changed",
                () ->
                        service().annotations().get("topologyKeys").equals("[\"zone2\"]")
                                && port().number("port").orElse(0) == 81
                                && !service().labels().containsKey("team"));
        assertThat(service().spec().text("clusterIP")).isEqualTo(address);
    }

    private JsonObject port() {
        return service().spec().array("ports").objects().get(0);
    }

    @Test
    void aDeletedServiceComesBackAndAServiceInTheWayIsNeverTouched() {
        KubeObject others = world.service("echo-svc", "{\"ports\":[{\"port\":99}]}");
        world.start();
        create("echo", ECHO);
        await("told", () -> reason().equals(Optional.of("NameTaken")));
        assertThat(service().spec()).isEqualTo(others.spec());
        assertThat(world.events()).contains("SyncServiceGridFailed: Service \"echo-svc\" is there");
        world.delete(ResourceType.SERVICES, "echo-svc");
        await("made", () -> hasService() && port().number("port").orElse(0) == 80);
        String uid = service().uid();
        world.delete(ResourceType.SERVICES, "echo-svc");
        await("again", () -> hasService() && !service().uid().equals(uid));
        await("told", () -> grid().conditionIsTrue("Available"));
        world.delete(ResourceType.SERVICE_GRIDS, "echo");
        await("gone with its grid", () -> !hasService());
    }

    private Optional<String> reason() {
        return grid().condition("Available").map(condition -> condition.text("reason"));
    }

    @Test
    void whatCannotBeIsSaidAndHealsWhenItCan() {
        world.start();
        create("echo", ECHO);
        await("told", () -> grid().conditionIsTrue("Available"));
        patch(
                ResourceType.SERVICE_GRIDS,
                "echo",
                "{'spec':{'template':{'clusterIP':'10.96.0.77'}}}");
        await("refused", () -> reason().equals(Optional.of("Invalid")));
        assertThat(grid().condition("Available").orElseThrow().text("message"))
                .contains("may not change once set");
        patch(ResourceType.SERVICE_GRIDS, "echo", "{'spec':{'template':{'clusterIP':null}}}");
        await("healed", () -> grid().conditionIsTrue("Available"));
    }

    @Test
    void aGridThatCouldMakeNoServiceIsRefused() {
        assertThatThrownBy(() -> create("1echo", ECHO))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("its Service would be named \"1echo-svc\"");
        assertThatThrownBy(() -> create("echo", ECHO.replace("\"port\":80", "\"port\":0")))
                .hasMessageContaining("spec.template.ports[0].port");
        assertThatThrownBy(() -> create("echo", "{\"gridUniqKey\":\"zone1\"}"))
                .hasMessageContaining("spec.template: Required value");
        assertThatThrownBy(() -> create("echo", ECHO.replace("zone1", "")))
                .hasMessageContaining("spec.gridUniqKey: Required value");
    }
}
