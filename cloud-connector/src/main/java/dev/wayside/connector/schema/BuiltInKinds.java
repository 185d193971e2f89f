// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.ResourceType;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The kinds that are part of the connector. Immutable; one is enough for a program. */
public final class BuiltInKinds implements Kinds {
    private final TypeTable table = TypeTable.load();
    private final List<KindDefinition> all;
    private final Map<String, KindDefinition> byQualified = new LinkedHashMap<>();
    private final KindDefinition tokenRequest;

    /** With the usual range of Services. */
    public BuiltInKinds() {
        this(ServiceRange.DEFAULT);
    }

    /**
     * Reads the type table, which takes some milliseconds.
     *
     * @param services where new Services get their addresses from
     */
    public BuiltInKinds(ServiceRange services) {
        all =
                List.of(
                        new NamespaceKind(table),
                        new NodeKind(table),
                        new PodKind(table),
                        new ConfigMapKind(table),
                        new SecretKind(table),
                        new EventKind(table),
                        new ServiceAccountKind(table),
                        new ServiceKind(table, services),
                        new EndpointsKind(table),
                        new EndpointSliceKind(table),
                        new LeaseKind(table),
                        new CertificateSigningRequestKind(table),
                        new CustomResourceDefinitionKind(table),
                        new DeploymentKind(table),
                        new ReplicaSetKind(table),
                        new DaemonSetKind(table),
                        new JobKind(table),
                        new CronJobKind(table),
                        new StatefulSetKind(table),
                        new ControllerRevisionKind(table),
                        SiteGridKind.ofDeployments(table),
                        SiteGridKind.ofStatefulSets(table),
                        new ServiceGridKind(table),
                        new GridRolloutKind(table),
                        new NodeUnitKind(table, ResourceType.NODE_UNITS),
                        new NodeUnitKind(table, SiteSpelling.FIRST_NODE_UNITS),
                        new NodeGroupKind(table, ResourceType.NODE_GROUPS),
                        new NodeGroupKind(table, SiteSpelling.FIRST_NODE_GROUPS),
                        new PodDisruptionBudgetKind(table),
                        new PersistentVolumeKind(table),
                        new PersistentVolumeClaimKind(table),
                        new StorageClassKind(table),
                        new PriorityClassKind(table),
                        RoleKind.inNamespace(table),
                        RoleKind.inCluster(table),
                        RoleBindingKind.inNamespace(table),
                        RoleBindingKind.inCluster(table),
                        ReviewKind.of(ReviewKind.SELF_SUBJECT_ACCESS_REVIEWS, table),
                        ReviewKind.of(ReviewKind.SELF_SUBJECT_RULES_REVIEWS, table),
                        ReviewKind.of(ReviewKind.SUBJECT_ACCESS_REVIEWS, table),
                        ReviewKind.of(ReviewKind.LOCAL_SUBJECT_ACCESS_REVIEWS, table),
                        ReviewKind.of(ReviewKind.TOKEN_REVIEWS, table),
                        ReviewKind.of(ReviewKind.SELF_SUBJECT_REVIEWS, table));
        // Of several versions the first is stored.
        all.forEach(kind -> byQualified.putIfAbsent(kind.type().qualified(), kind));
        tokenRequest = ReviewKind.of(ReviewKind.TOKEN_REQUESTS, table);
    }

    /** The body of {@code serviceaccounts/token}, which is no resource of its own. */
    public KindDefinition tokenRequest() {
        return tokenRequest;
    }

    TypeTable table() {
        return table;
    }

    @Override
    public Collection<KindDefinition> all() {
        return all;
    }

    @Override
    public Optional<KindDefinition> byPlural(String group, String version, String plural) {
        Optional<KindDefinition> stored =
                byQualified(group.isEmpty() ? plural : plural + "." + group);
        // Asked for each request: only those for another version have to look further.
        return stored.isEmpty() || stored.get().type().version().equals(version)
                ? stored
                : all.stream()
                        .filter(
                                kind ->
                                        kind.type()
                                                        .qualified()
                                                        .equals(stored.get().type().qualified())
                                                && kind.type().version().equals(version))
                        .findFirst();
    }

    @Override
    public Optional<KindDefinition> byQualified(String qualified) {
        return Optional.ofNullable(byQualified.get(qualified));
    }

    @Override
    public Optional<KindDefinition> byKind(String apiVersion, String kind) {
        return all.stream()
                .filter(
                        definition ->
                                definition.type().kind().equals(kind)
                                        && definition.type().apiVersion().equals(apiVersion))
                .findFirst();
    }
}
