"""Every system of the race by its name, in the order of the table."""

from experiments.horse_race.race import System
from experiments.horse_race.systems.bilstm import BILSTM
from experiments.horse_race.systems.bundles import BUNDLES
from experiments.horse_race.systems.floors import FLOORS
from experiments.horse_race.systems.linnet import LINNET
from experiments.horse_race.systems.recommender import RECOMMENDERS

SYSTEMS: dict[str, System] = {**FLOORS, **BILSTM, **LINNET, **RECOMMENDERS, **BUNDLES}
