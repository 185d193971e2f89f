// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** Our bundles come and go in any order; when all are there again, all works again. */
@ExtendWith(InsideFelix.class)
class AnyOrderIT {
    private static final long[] SEEDS = {1, 2, 3, 4, 5, System.nanoTime(), System.nanoTime() ^ 7};
    private static final int STEPS = 12;

    @Test
    void allIsUpWhateverTheOrderOfStopsAndStarts(BundleContext context) throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        for (long seed : SEEDS) {
            System.out.println("order of stops and starts: seed " + seed);
            gateway.awaitUp();
            Random random = new Random(seed);
            List<Bundle> order = new ArrayList<>(gateway.own());
            Collections.shuffle(order, random);
            for (Bundle bundle : order) {
                bundle.stop();
            }
            for (Bundle bundle : order) {
                Deadline.nothingIsWrong("its threads have ended", () -> Traces.threads(bundle));
            }
            Collections.shuffle(order, random);
            for (Bundle bundle : order) {
                bundle.start();
            }
            gateway.awaitUp();
            assertThat(gateway.errors()).isEmpty();
        }
    }

    @Test
    void allIsUpAfterBundlesWentAndCameAtRandom(BundleContext context) throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        for (long seed : SEEDS) {
            System.out.println("stops and starts at random: seed " + seed);
            gateway.awaitUp();
            Random random = new Random(seed);
            List<Bundle> bundles = gateway.own();
            for (int step = 0; step < STEPS; step++) {
                Bundle bundle = bundles.get(random.nextInt(bundles.size()));
                if (bundle.getState() == Bundle.ACTIVE) {
                    bundle.stop();
                } else {
                    bundle.start();
                }
            }
            for (Bundle bundle : bundles) {
                bundle.start();
            }
            gateway.awaitUp();
            assertThat(gateway.errors()).isEmpty();
        }
    }
}
