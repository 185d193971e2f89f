// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.state.DesiredState;
import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the folder of a PersistentVolume that is on its way out and lets the connector know,
 * which keeps the volume until then, however long this gateway is away. Nothing else ever removes
 * one: a volume that is not known here says nothing about its folder.
 */
final class VolumeRemoval {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeRemoval.class);
    private static final Duration AGAIN = Duration.ofSeconds(2);

    private final DesiredState state;
    private final Outbox outbox;
    private final ClaimedFolders folders;

    /** One at a time: emptying a large folder takes long, and pods need the other workers. */
    private final ReentrantLock turn = new ReentrantLock();

    VolumeRemoval(DesiredState state, Outbox outbox, ClaimedFolders folders) {
        this.state = state;
        this.outbox = outbox;
        this.folders = folders;
    }

    static boolean isVolume(ObjectKey key) {
        return key.resource().equals(ResourceType.PERSISTENT_VOLUMES.qualified());
    }

    /** The volumes that there is something to do for. */
    List<ObjectKey> keys() {
        return state.list(ResourceType.PERSISTENT_VOLUMES).stream()
                .filter(VolumeRemoval::isToGo)
                .map(volume -> volume.key(ResourceType.PERSISTENT_VOLUMES))
                .toList();
    }

    /** While a claim has a volume, or something protects it, it may still be used. */
    private static boolean isToGo(KubeObject volume) {
        return volume.deleted().isPresent()
                && volume.finalizers().isEmpty()
                && volume.status().text("phase").equals("Released")
                && LocalVolumes.isRemovedByGateway(volume);
    }

    /**
     * Returns when to come again, if it is not done.
     *
     * @throws StateException if it could not be removed; the caller tries again later
     */
    Optional<Duration> sync(ObjectKey key) throws StateException {
        KubeObject volume = state.get(key).filter(VolumeRemoval::isToGo).orElse(null);
        if (volume == null) {
            return Optional.empty();
        }
        if (!turn.tryLock()) {
            return Optional.of(AGAIN);
        }
        try {
            VolumeWant.Claimed folder =
                    new VolumeWant.Claimed(
                            volume.name(),
                            volume.uid(),
                            volume.spec().text("local", "path"),
                            true,
                            false);
            if (!folders.remove(folder)) {
                return Optional.of(AGAIN);
            }
            LOG.info("Removed the folder of persistent volume {}", volume.name());
            outbox.confirmDeletion(key, volume.uid());
            return Optional.empty();
        } catch (IOException e) {
            throw new StateException(
                    "the folder of persistent volume " + volume.name() + " cannot be removed", e);
        } finally {
            turn.unlock();
        }
    }
}
