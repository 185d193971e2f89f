// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code -Dwayside.cuts=N} for more or fewer cuts, {@code -Dwayside.seed=N} for other ones. */
final class PowerCutTest {
    @TempDir Path dir;

    private static final int CUTS = Integer.getInteger("wayside.cuts", 1_000);
    private static final int CUTS_PER_DISK = 50;
    private static final long SEED = Long.getLong("wayside.seed", 20_260_301);

    @Test
    void keepsEveryPromiseOverPowerCuts() throws Exception {
        long resumed = 0;
        for (int cut = 0; cut < CUTS; cut += CUTS_PER_DISK) {
            long seed = SEED + cut;
            // With a short history things are trimmed all the time; with a long one every watch
            // must be resumed.
            int history = cut / CUTS_PER_DISK % 2 == 0 ? 20 : 100_000;
            try (PowerCutRig rig = new PowerCutRig("powercut", seed, history)) {
                for (int i = 0; i < CUTS_PER_DISK; i++) {
                    try {
                        rig.round(rig.someSteps());
                    } catch (PowerCutRig.Broken e) {
                        throw new AssertionError("seed " + seed + ", cut " + i, e);
                    }
                }
                resumed += rig.resumed();
                if (history > 100) {
                    assertThat(rig.resumed()).isEqualTo(3 * (CUTS_PER_DISK - 1));
                } else {
                    assertThat(rig.disk().used()).isLessThan(2 << 20);
                }
            }
        }
        assertThat(resumed).isPositive();
    }

    @Test
    void keepsEveryPromiseWhenTheFileIsWrittenAnewAtEachStart() throws Exception {
        List<String> lines = new ArrayList<>();
        for (String name : List.of("one", "other")) {
            EncryptionKeys.create(dir.resolve(name));
            lines.addAll(Files.readAllLines(dir.resolve(name)));
        }
        Files.write(dir.resolve("one"), lines);
        Collections.reverse(lines);
        Files.write(dir.resolve("other"), lines);
        List<EncryptionKeys> keys =
                List.of(
                        EncryptionKeys.read(dir.resolve("one")),
                        EncryptionKeys.read(dir.resolve("other")));
        assertThat(keys.get(0).current()).isNotEqualTo(keys.get(1).current());
        for (int history : List.of(20, 100_000)) {
            try (PowerCutRig rig = new PowerCutRig("rewritten", SEED, history, keys)) {
                for (int i = 0; i < CUTS_PER_DISK; i++) {
                    try {
                        rig.round(rig.someSteps());
                    } catch (PowerCutRig.Broken e) {
                        throw new AssertionError("history " + history + ", cut " + i, e);
                    }
                }
                assertThat(rig.resumed()).isPositive();
            }
        }
    }

    @Test
    void findsTheLossWhenSyncsAreLeftOut() {
        assertThatThrownBy(
                        () -> {
                            try (PowerCutRig rig = new PowerCutRig("nosync", SEED, 20)) {
                                rig.round(100);
                                rig.disk().ignoreSyncs(true);
                                for (int i = 0; i < 50; i++) {
                                    rig.round(rig.someSteps());
                                }
                            }
                        })
                .isInstanceOf(PowerCutRig.Broken.class);
    }
}
