"""The networks by name. A new one is a module beside this and an entry here."""

from stages.lib.networks import (
    baseline_cnn1d,
    cnn2d,
    frame_attention,
    functionals_lda,
    fusion,
)
from stages.lib.networks.network import Network

NETWORKS: dict[str, Network] = {
    network.NAME: network
    for network in (cnn2d, functionals_lda, fusion, frame_attention, baseline_cnn1d)
}
