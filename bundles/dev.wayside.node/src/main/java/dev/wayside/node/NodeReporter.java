// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.link.CloudLink;
import dev.wayside.api.link.LinkException;
import dev.wayside.api.node.AgentProgress;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.api.state.CacheHealth;
import dev.wayside.api.state.DesiredState;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when what is said. The Lease every 10 s, while the agent makes progress; the status when
 * it has changed, when the connector has given us up for lost, and every 5 min. Called about once a
 * second, by one thread.
 */
final class NodeReporter {
    private static final Logger LOG = LoggerFactory.getLogger(NodeReporter.class);
    private static final Duration LEASE_EVERY = Duration.ofSeconds(10);
    private static final Duration STATUS_EVERY = Duration.ofMinutes(5);
    // Reading the machine's figures each second would be waste.
    private static final Duration LOOK_EVERY = Duration.ofSeconds(10);
    // After our start the agent and its drivers come up one by one: no news, and no unready Node.
    private static final Duration SETTLE = Duration.ofSeconds(10);

    /** Something to be said, if it is due. */
    @FunctionalInterface
    private interface Saying {
        /** Whether it was said, and heard. */
        boolean say() throws LinkException, InterruptedException;
    }

    private final GatewayIdentity identity;
    private final CloudLink link;
    private final NodeVoice voice;
    private final DesiredState desired;
    private final CacheHealth health;
    private final Supplier<Optional<AgentProgress>> agent;
    private final Machine machine;
    private final TimeFloor time;
    private final JsonObject nodeInfo;
    private final Supplier<Duration> uptime;
    private final Clock clock;
    private final Duration started;

    private Optional<String> address = Optional.empty();
    private JsonArray conditions = JsonArray.EMPTY;
    private @Nullable JsonObject said;
    private @Nullable Duration saidAt;
    private String answered = "";
    private @Nullable Duration leaseAt;
    private @Nullable Duration lookedAt;
    private boolean wasConnected;
    private Duration connectedAt;
    private Instant connectedClock;
    private final Set<String> unheard = new HashSet<>();
    private String mood = "";

    /**
     * @param version our own, for {@code kubeletVersion}
     * @param uptime monotonic
     */
    NodeReporter(
            GatewayIdentity identity,
            CloudLink link,
            DesiredState desired,
            CacheHealth health,
            Supplier<Optional<AgentProgress>> agent,
            Machine machine,
            TimeFloor time,
            String version,
            Supplier<Duration> uptime,
            Clock clock) {
        this.identity = identity;
        this.link = link;
        this.voice = new NodeVoice(link, identity);
        this.desired = desired;
        this.health = health;
        this.agent = agent;
        this.machine = machine;
        this.time = time;
        this.uptime = uptime;
        this.clock = clock;
        this.started = uptime.get();
        this.connectedAt = started;
        this.connectedClock = clock.instant();
        this.nodeInfo =
                JsonObject.of("machineID", machine.machineId())
                        .with("systemUUID", machine.machineId())
                        .with("bootID", machine.bootId())
                        .with("kernelVersion", machine.kernel())
                        .with("osImage", machine.osImage())
                        .with("kubeletVersion", "v1.35.0-wayside." + version)
                        .with("kubeProxyVersion", "")
                        .with("operatingSystem", "linux")
                        .with("architecture", Machine.architecture());
    }

    /** Looks, and says what is due; blocks while it is said. */
    void turn() throws InterruptedException {
        if (!link.connected()) {
            wasConnected = false;
            return;
        }
        if (!wasConnected) {
            // After an absence the cloud should hear of us at once.
            wasConnected = true;
            leaseAt = null;
            lookedAt = null;
            connectedAt = uptime.get();
            connectedClock = clock.instant();
        }
        say("Lease", this::lease);
        say("status", this::status);
    }

    /** Logs the first that fails, and when the last of them is heard again. */
    private void say(String what, Saying saying) throws InterruptedException {
        try {
            // Silence proves nothing.
            if (saying.say() && unheard.remove(what) && unheard.isEmpty()) {
                LOG.info("The connector hears of this node again");
            }
        } catch (LinkException e) {
            if (unheard.isEmpty()) {
                LOG.warn("The connector can't be told of this node: {}", e.getMessage());
            }
            unheard.add(what);
        }
    }

    private boolean lease() throws LinkException, InterruptedException {
        Optional<AgentProgress> present = agent.get();
        boolean progressing =
                present.filter(it -> it.sinceProgress().compareTo(NodeStatus.STUCK) < 0)
                        .isPresent();
        if (!progressing || !due(leaseAt, LEASE_EVERY)) {
            return false;
        }
        // The time is set first: a Lease that failed is not said later, but the next is.
        leaseAt = uptime.get();
        voice.renewLease(clock.instant());
        time.connected(latestPossible());
        return true;
    }

    /**
     * What the clock says if it has not jumped since we were connected. If it had jumped before
     * this life of ours: the connector hears nobody whose certificate has ended.
     */
    private Instant latestPossible() {
        Instant steady = connectedClock.plus(uptime.get().minus(connectedAt));
        Instant end = identity.certificates().get(0).getNotAfter().toInstant();
        return steady.isBefore(end) ? steady : end;
    }

    private boolean status() throws LinkException, InterruptedException {
        Optional<AgentProgress> present = agent.get();
        boolean up = present.filter(it -> it.runtime().up()).isPresent();
        if (!up && !due(started, SETTLE)) {
            return false;
        }
        String now =
                present.map(it -> it.runtime() + " " + stuck(it)).orElse("none")
                        + health.doubt().map(CacheHealth.Doubt::reason).orElse("");
        if (now.equals(mood) && !due(lookedAt, LOOK_EVERY)) {
            return false;
        }
        mood = now;
        lookedAt = uptime.get();
        Optional<KubeObject> node = node();
        boolean givenUp = isGivenUp(node);
        JsonObject status = NodeStatus.of(facts(present), before(node, givenUp), clock.instant());
        conditions = status.array("conditions");
        boolean news = said == null || givenUp || !NodeStatus.timeless(status).equals(said);
        if (!news && !due(saidAt, STATUS_EVERY)) {
            return false;
        }
        voice.status(status);
        labels(node);
        said = NodeStatus.timeless(status);
        saidAt = uptime.get();
        answered = node.map(KubeObject::resourceVersion).orElse("");
        return true;
    }

    /**
     * Whether the connector has written that it does not know how we are: it waits for our word.
     * Only once for each time that it writes so, since our answer comes back by another way.
     */
    private boolean isGivenUp(Optional<KubeObject> node) {
        return node.filter(it -> !it.resourceVersion().equals(answered)).stream()
                .flatMap(it -> it.status().array("conditions").objects().stream())
                .anyMatch(it -> it.text("status").equals("Unknown"));
    }

    private NodeStatus.Facts facts(Optional<AgentProgress> present) {
        // Without a way to the connector the last address is as good as any.
        address = Machine.addressTowards(identity.connector()).or(() -> address);
        return new NodeStatus.Facts(
                machine.resources(),
                nodeInfo,
                address,
                hostName(),
                present.map(AgentProgress::runtime),
                present.map(AgentProgress::sinceProgress).orElse(Duration.ZERO),
                health.doubt());
    }

    private String hostName() {
        String name = machine.hostName();
        return name.isEmpty() ? identity.nodeName() : name;
    }

    private static boolean stuck(AgentProgress agent) {
        return agent.sinceProgress().compareTo(NodeStatus.STUCK) >= 0;
    }

    /** What was said last, by this life or, as far as it is known, by the one before. */
    private JsonArray before(Optional<KubeObject> node, boolean givenUp) {
        return conditions.isEmpty() || givenUp
                ? node.map(it -> it.status().array("conditions")).orElse(JsonArray.EMPTY)
                : conditions;
    }

    private Optional<KubeObject> node() {
        return desired.get(ResourceType.NODES.key("", identity.nodeName()));
    }

    private void labels(Optional<KubeObject> node) throws LinkException, InterruptedException {
        Map<String, String> ours =
                Map.of(
                        "kubernetes.io/hostname", identity.nodeName(),
                        "kubernetes.io/os", "linux",
                        "kubernetes.io/arch", Machine.architecture());
        boolean there =
                node.map(it -> it.labels().entrySet().containsAll(ours.entrySet())).orElse(false);
        if (!there) {
            voice.labels(ours);
        }
    }

    private boolean due(@Nullable Duration last, Duration every) {
        return last == null || uptime.get().minus(last).compareTo(every) >= 0;
    }
}
