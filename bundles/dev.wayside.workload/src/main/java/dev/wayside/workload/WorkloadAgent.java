// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.node.AgentProgress;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.api.state.DesiredState;
import dev.wayside.api.state.LocalRecords;
import dev.wayside.api.state.Outbox;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Keeps pods as the cloud last asked. Safe to restart at any time: the workloads stay. */
@Component(service = AgentProgress.class, immediate = true)
@Designate(ocd = WorkloadAgent.Config.class)
public final class WorkloadAgent implements AgentProgress {

    @ObjectClassDefinition(name = "Workload agent")
    public @interface Config {
        @AttributeDefinition(
                description = "Folder of the pods' volumes; relative to the gateway's data folder")
        String dir() default "pods";

        @AttributeDefinition(
                description = "Folder of PersistentVolumes; relative to the gateway's data folder")
        String volumes_dir() default "volumes";

        @AttributeDefinition(
                description = "Full re-check of every pod, seconds",
                min = "5",
                max = "3600")
        int resync_seconds() default 60;

        @AttributeDefinition(description = "Pods worked on at once", min = "1", max = "16")
        int workers() default 4;
    }

    private final Agent agent;

    @Activate
    public WorkloadAgent(
            @Reference DesiredState state,
            @Reference Outbox outbox,
            @Reference LocalRecords records,
            @Reference GatewayIdentity identity,
            Config config) {
        this(
                new Agent(
                        state,
                        outbox,
                        records,
                        identity.nodeName(),
                        folder(config.dir()),
                        folder(config.volumes_dir()),
                        config.workers(),
                        Duration.ofSeconds(config.resync_seconds()),
                        Clock.systemUTC()));
    }

    WorkloadAgent(Agent agent) {
        this.agent = agent;
    }

    private static Path folder(String dir) {
        return Path.of(System.getProperty("wayside.data", "")).resolve(dir).toAbsolutePath();
    }

    @Activate
    void start() {
        agent.start();
    }

    /** Ends within five seconds. */
    @Deactivate
    void stop() {
        agent.stop();
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            unbind = "unbindDriver")
    void bindDriver(ContainerDriver driver, Map<String, Object> properties) {
        agent.addDriver(
                String.valueOf(properties.getOrDefault(ContainerDriver.NAME, "unnamed")), driver);
    }

    void unbindDriver(ContainerDriver driver) {
        agent.removeDriver(driver);
    }

    @Override
    public Duration sinceProgress() {
        return agent.sinceProgress();
    }

    @Override
    public RuntimeState runtime() {
        return agent.runtime();
    }
}
