// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.schema.Definitions;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.EventRecorder.Severity;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * What all controllers share: the store, an informer per kind, the clocks, and the recorder of
 * events.
 */
public final class Cluster implements AutoCloseable {
    /** The kinds that the garbage collector and namespaces know of, Events apart. */
    private static final List<ResourceType> TYPES =
            List.of(
                    ResourceType.NAMESPACES,
                    ResourceType.NODES,
                    ResourceType.LEASES,
                    ResourceType.DEPLOYMENT_GRIDS,
                    ResourceType.STATEFUL_SET_GRIDS,
                    ResourceType.SERVICE_GRIDS,
                    ResourceType.GRID_ROLLOUTS,
                    ResourceType.NODE_UNITS,
                    ResourceType.NODE_GROUPS,
                    ResourceType.DEPLOYMENTS,
                    ResourceType.REPLICA_SETS,
                    ResourceType.STATEFUL_SETS,
                    ResourceType.CONTROLLER_REVISIONS,
                    ResourceType.DAEMON_SETS,
                    ResourceType.JOBS,
                    ResourceType.CRON_JOBS,
                    ResourceType.PODS,
                    ResourceType.POD_DISRUPTION_BUDGETS,
                    ResourceType.PERSISTENT_VOLUME_CLAIMS,
                    ResourceType.PERSISTENT_VOLUMES,
                    ResourceType.STORAGE_CLASSES,
                    ResourceType.PRIORITY_CLASSES,
                    ResourceType.SERVICES,
                    ResourceType.ENDPOINTS,
                    ResourceType.ENDPOINT_SLICES,
                    ResourceType.CONFIG_MAPS,
                    ResourceType.SECRETS,
                    ResourceType.SERVICE_ACCOUNTS,
                    ResourceType.CERTIFICATE_SIGNING_REQUESTS,
                    ResourceType.ROLES,
                    ResourceType.CLUSTER_ROLES,
                    ResourceType.ROLE_BINDINGS,
                    ResourceType.CLUSTER_ROLE_BINDINGS,
                    ResourceType.CUSTOM_RESOURCE_DEFINITIONS);

    /** Of these only the metadata is kept in memory: nobody here reads more. */
    private static final Set<ResourceType> METADATA_ONLY =
            Set.of(
                    ResourceType.CONFIG_MAPS,
                    ResourceType.SECRETS,
                    ResourceType.SERVICE_ACCOUNTS,
                    ResourceType.CERTIFICATE_SIGNING_REQUESTS,
                    ResourceType.ROLES,
                    ResourceType.ROLE_BINDINGS,
                    ResourceType.CLUSTER_ROLE_BINDINGS);

    private final ObjectStore store;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final RandomGenerator random;
    private final EventRecorder events;
    private final Map<ResourceType, Informer> informers = new LinkedHashMap<>();
    private final CustomInformers custom;
    private final Informer.Index podsByNode;
    private final StorageIndex storage;

    /**
     * @param clock the time of day, for what is written into objects
     * @param nanoTime monotonic, for durations
     * @param random safe for any thread
     */
    public Cluster(ObjectStore store, Clock clock, LongSupplier nanoTime, RandomGenerator random) {
        this.store = store;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.random = random;
        this.events = new EventRecorder(store, clock, nanoTime);
        for (ResourceType type : TYPES) {
            informers.put(
                    type,
                    METADATA_ONLY.contains(type)
                            ? new Informer(store, type, Cluster::metadataOnly, backoff())
                            : type.equals(ResourceType.CUSTOM_RESOURCE_DEFINITIONS)
                                    ? new Informer(store, type, Definitions::outline, backoff())
                                    : new Informer(store, type, backoff()));
        }
        custom =
                new CustomInformers(
                        informer(ResourceType.CUSTOM_RESOURCE_DEFINITIONS),
                        type -> new Informer(store, type, Cluster::metadataOnly, backoff()),
                        backoff());
        podsByNode =
                pods().addIndex(
                                pod ->
                                        PodFacts.node(pod).isEmpty()
                                                ? List.of()
                                                : List.of(PodFacts.node(pod)));
        storage =
                new StorageIndex(
                        pods(),
                        informer(ResourceType.PERSISTENT_VOLUME_CLAIMS),
                        informer(ResourceType.PERSISTENT_VOLUMES));
    }

    private static KubeObject metadataOnly(KubeObject object) {
        return new KubeObject(
                JsonObject.builder()
                        .put("apiVersion", object.apiVersion())
                        .put("kind", object.kind())
                        .put("metadata", object.metadata())
                        .build());
    }

    public ObjectStore store() {
        return store;
    }

    public Clock clock() {
        return clock;
    }

    public long nanoTime() {
        return nanoTime.getAsLong();
    }

    public RandomGenerator random() {
        return random;
    }

    public Backoff backoff() {
        return Backoff.standard(random);
    }

    /** All at the moment: those of custom kinds come and go. */
    public List<Informer> informers() {
        List<Informer> all = new ArrayList<>(informers.values());
        all.addAll(custom.all());
        return all;
    }

    /** Calls back for every informer, now or before it is started. To be called before start. */
    public void follow(Consumer<Informer> follower) {
        informers.values().forEach(follower);
        custom.follow(follower);
    }

    /** The custom kinds as the store has them now, which may be ahead of the informers. */
    public List<ResourceType> customTypes() {
        return store.list(ListQuery.all(ResourceType.CUSTOM_RESOURCE_DEFINITIONS)).items().stream()
                .flatMap(definition -> Definitions.storedType(definition).stream())
                .toList();
    }

    public Informer informer(ResourceType type) {
        Informer informer = informers.get(type);
        if (informer == null) {
            throw new IllegalArgumentException("no informer for " + type.qualified());
        }
        return informer;
    }

    /** The informer of what an object says it is; empty for kinds that are not known here. */
    public Optional<Informer> informer(String apiVersion, String kind) {
        return informers().stream()
                .filter(informer -> informer.type().kind().equals(kind))
                .filter(informer -> informer.type().group().equals(groupOf(apiVersion)))
                .findFirst();
    }

    private static String groupOf(String apiVersion) {
        int slash = apiVersion.indexOf('/');
        return slash < 0 ? "" : apiVersion.substring(0, slash);
    }

    public Informer nodes() {
        return informer(ResourceType.NODES);
    }

    public Informer pods() {
        return informer(ResourceType.PODS);
    }

    public Informer replicaSets() {
        return informer(ResourceType.REPLICA_SETS);
    }

    public Informer statefulSets() {
        return informer(ResourceType.STATEFUL_SETS);
    }

    public Informer deployments() {
        return informer(ResourceType.DEPLOYMENTS);
    }

    public Informer grids() {
        return informer(ResourceType.DEPLOYMENT_GRIDS);
    }

    /** Pods, claims and volumes, found by each other. */
    public StorageIndex storage() {
        return storage;
    }

    public List<KubeObject> podsOn(String node) {
        return podsByNode.get(node);
    }

    /** Whether the pod's node is there and speaks; what a pod says counts only as long. */
    boolean isHeardOf(KubeObject pod) {
        return nodes().get("", PodFacts.node(pod))
                .filter(node -> !PodFacts.isUnheardOf(node))
                .isPresent();
    }

    /** Whether the pod is ready, and its node is heard of. */
    boolean isReady(KubeObject pod) {
        return PodFacts.isReady(pod) && isHeardOf(pod);
    }

    /**
     * A new pod as admission would have it: with its priority.
     *
     * @throws ApiException Forbidden if the pod names a PriorityClass that is not there
     */
    public KubeObject admitted(KubeObject pod) {
        Informer classes = informer(ResourceType.PRIORITY_CLASSES);
        return Priorities.admitted(pod, name -> classes.get("", name), classes::all);
    }

    /**
     * Calls back for each pod of a node that falls silent, or is heard of again. To be called
     * before start.
     */
    void onSilence(Consumer<KubeObject> pod) {
        nodes().addListener(
                        (before, after) -> {
                            if (before != null
                                    && after != null
                                    && PodFacts.isUnheardOf(before)
                                            != PodFacts.isUnheardOf(after)) {
                                podsOn(after.name()).forEach(pod);
                            }
                        });
    }

    /**
     * Deletes an object as it was seen, and nothing that has taken its name since; it is seen here
     * when this returns.
     *
     * @param grace in seconds; empty for the object's own
     * @return false if it was gone already
     */
    public boolean delete(ResourceType type, KubeObject object, OptionalLong grace) {
        return delete(type, object, new DeleteOptions(grace, object.uid(), null, null, false));
    }

    /**
     * As {@link #delete(ResourceType, KubeObject, OptionalLong)}, within the object's own grace.
     *
     * @param propagation what becomes of its dependents
     */
    boolean delete(ResourceType type, KubeObject object, Propagation propagation) {
        return delete(
                type,
                object,
                new DeleteOptions(OptionalLong.empty(), object.uid(), null, propagation, false));
    }

    private boolean delete(ResourceType type, KubeObject object, DeleteOptions options) {
        try {
            informer(type).delete(() -> store.delete(type, object.key(type), options));
            return true;
        } catch (ApiException e) {
            if (e.reason() != Reason.NOT_FOUND && e.reason() != Reason.CONFLICT) {
                throw e;
            }
            return false;
        }
    }

    /**
     * Writes an object's status if it is another.
     *
     * @throws ApiException as the store has it; a conflict cannot be: the newest status counts
     */
    public void writeStatus(ResourceType type, KubeObject object, JsonObject status, String by) {
        if (!status.equals(object.status())) {
            KubeObject changed = object.withStatus(status).withoutMetadata("resourceVersion");
            informer(type).write(() -> store.update(type, changed, "status", WriteOptions.by(by)));
        }
    }

    public void normal(KubeObject about, String reason, String message, String by) {
        events.event(about, Severity.NORMAL, reason, message, by);
    }

    public void warn(KubeObject about, String reason, String message, String by) {
        events.event(about, Severity.WARNING, reason, message, by);
    }

    /** Starts the informers; the controllers have added their listeners before. */
    public void start() {
        events.start();
        informers.values().forEach(Informer::start);
        custom.start();
    }

    /** Waits until every kind was listed once; false if that did not happen in time. */
    public boolean awaitSync(Duration most) {
        long end = System.nanoTime() + most.toNanos();
        for (Informer informer : informers.values()) {
            if (!informer.awaitSync(Duration.ofNanos(Math.max(0, end - System.nanoTime())))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        custom.close();
        new ArrayList<>(informers.values()).forEach(Informer::close);
        events.close();
    }
}
