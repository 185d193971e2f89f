// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.storage;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Controller;
import dev.wayside.connector.workload.Informer;
import dev.wayside.connector.workload.StorageIndex;
import dev.wayside.connector.workload.VolumeMatch;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Brings claims and volumes together and apart again. Keys are claims ({@link ClaimStep}) and
 * volumes ({@link VolumeStep}); each writes only over what it has seen, so that no volume is given
 * away twice, and each step is found again half done.
 */
public final class StorageController implements AutoCloseable {
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);
    private static final String CLAIMS = ResourceType.PERSISTENT_VOLUME_CLAIMS.qualified();

    private final Informer claims;
    private final Informer volumes;
    private final StorageIndex index;
    private final ClaimStep claimStep;
    private final VolumeStep volumeStep;
    private final Controller<ObjectKey> controller;

    public StorageController(Cluster cluster, int workers) {
        this.claims = cluster.informer(ResourceType.PERSISTENT_VOLUME_CLAIMS);
        this.volumes = cluster.informer(ResourceType.PERSISTENT_VOLUMES);
        this.index = cluster.storage();
        this.claimStep = new ClaimStep(cluster);
        this.volumeStep = new VolumeStep(cluster);
        this.controller =
                new Controller<>(
                        "storage",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> {
                            claims.all().forEach(this::addClaim);
                            volumes.all().forEach(this::addVolume);
                        });
        claims.addListener(this::claimChanged);
        volumes.addListener(this::volumeChanged);
        cluster.informer(ResourceType.STORAGE_CLASSES)
                .addListener(
                        (before, after) -> {
                            if (after != null) {
                                index.unboundClaims(after.name()).forEach(this::addClaim);
                            }
                        });
        cluster.pods().addListener(this::podChanged);
        cluster.nodes()
                .addListener(
                        (before, after) -> {
                            if (before == null && after != null) {
                                index.volumesOn(after.name()).forEach(this::addVolume);
                            } else if (after == null && before != null) {
                                index.volumesOn(before.name()).forEach(this::addVolume);
                            }
                        });
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void addClaim(KubeObject claim) {
        controller.add(claim.key(ResourceType.PERSISTENT_VOLUME_CLAIMS));
    }

    private void addVolume(KubeObject volume) {
        controller.add(volume.key(ResourceType.PERSISTENT_VOLUMES));
    }

    private void claimChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after != null) {
            addClaim(after);
        }
        KubeObject claim = after == null ? before : after;
        if (claim != null) {
            index.volumesOf(claim.namespace(), claim.name()).forEach(this::addVolume);
        }
    }

    private void volumeChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null) {
            if (before != null) {
                index.claimsOf(before.name()).forEach(this::addClaim);
            }
            return;
        }
        addVolume(after);
        index.claimsOf(after.name()).forEach(this::addClaim);
        if (after.spec().has("claimRef")) {
            controller.add(StorageIndex.claimOf(after));
        } else if (before == null || !before.spec().equals(after.spec())) {
            index.unboundClaims(VolumeMatch.classOf(after)).forEach(this::addClaim);
        }
    }

    private void podChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null && before != null) {
            for (String name : StorageIndex.claimNames(before)) {
                controller.add(ResourceType.PERSISTENT_VOLUME_CLAIMS.key(before.namespace(), name));
            }
        }
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        try {
            if (key.resource().equals(CLAIMS)) {
                claims.get(key).ifPresent(claimStep::run);
            } else {
                volumes.get(key).ifPresent(this::volume);
            }
            return Optional.empty();
        } catch (ApiException e) {
            if (e.reason() == Reason.CONFLICT) {
                return Optional.of(AFTER_CONFLICT);
            }
            throw e;
        }
    }

    private void volume(KubeObject volume) {
        volumeStep.run(volume);
        // Whether its gateway is gone for good is said of the claim too.
        if (!LocalVolumes.node(volume).isEmpty() && volume.spec().has("claimRef")) {
            controller.add(StorageIndex.claimOf(volume));
        }
    }
}
